// What is looked at stands in the address, so that a reload or a link shows the same. Example: the records of a channel with
// a text, and one of them open: /inspect#channel=/chat/pier&text=oak&at=17

/** {channel, text, at?} */
export function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1));
  const at = given.get("at") ?? "";
  return {
    channel: given.get("channel") ?? "",
    text: given.get("text") ?? "",
    at: /^[1-9]\d{0,15}$/.test(at) ? Number(at) : undefined,
  };
}

/** Takes the place of the one before: who goes back leaves the page, and not one letter of a text after the other. */
export function writeAddress(view) {
  const given = new URLSearchParams(Object.entries(view).filter(([, value]) => value !== undefined && value !== ""));
  const hash = given.toString().replaceAll("%2F", "/");
  if (hash !== location.hash.slice(1)) history.replaceState(null, "", hash ? `#${hash}` : location.pathname);
}
