// Which channel: the address bar says it (/#general, /#general/17 for one message), the panel changes it.
import { hasTricks } from "/shared/marked.js";
import { byId, element } from "./dom.js";
import { CHANNEL_CHARS } from "./limits.js";
import * as storage from "./storage.js";

const DEFAULT = "general";
const RECENT = 8;

/** "#general/17" -> {channel, offset?} */
export function placeInAddress() {
  let text = location.hash.slice(1);
  try {
    text = decodeURIComponent(text);
  } catch {
    // A lone % is no escape; take it as it stands.
  }
  const [, name, offset] = /^([^/]*)(?:\/([1-9][0-9]{0,15}))?/.exec(text);
  const { channel } = parseName(name);
  return { channel: channel ?? DEFAULT, offset: channel && offset ? Number(offset) : undefined };
}

/** {channel} or {problem} for what somebody typed. */
function parseName(typed) {
  const name = typed.trim().replace(/^#/, "").replace(/\s+/g, "-").toLowerCase();
  if (name === "") return { problem: "A channel needs a name." };
  if (name.length > CHANNEL_CHARS) return { problem: `At most ${CHANNEL_CHARS} characters.` };
  // A comma or question mark would end the namespace on the wire.
  if (/[,?/#\\\p{Cc}]/u.test(name) || hasTricks(name)) return { problem: "Letters, digits, dots and hyphens make a channel's name." };
  return { channel: name };
}

export class ChannelPanel {
  #panel = byId("channel-panel");
  #field = byId("channel-field");

  constructor() {
    byId("channel-form").addEventListener("submit", (event) => {
      event.preventDefault();
      const { channel, problem } = parseName(this.#field.value);
      byId("channel-problem").textContent = problem ?? "";
      if (problem) return this.#field.focus();
      location.hash = encodeURIComponent(channel);
      this.#panel.hidePopover();
    });
    // Before, not after: what is typed right away must stay.
    this.#panel.addEventListener("beforetoggle", () => {
      this.#field.value = "";
      byId("channel-problem").textContent = "";
    });
  }

  opened(channel) {
    byId("channel-name").textContent = `#${channel}`;
    document.title = `#${channel} · Tidemark`;
    const known = storage.read("channels");
    const recent = [channel, ...(Array.isArray(known) ? known : []).filter((other) => other !== channel)].slice(
      0,
      RECENT,
    );
    storage.write("channels", recent);
    byId("recent-channels").replaceChildren(
      ...recent.map((name) => {
        const link = element("a", { href: `#${encodeURIComponent(name)}` }, `#${name}`);
        if (name === channel) link.setAttribute("aria-current", "page");
        link.addEventListener("click", () => this.#panel.hidePopover());
        return element("li", {}, link);
      }),
    );
  }
}
