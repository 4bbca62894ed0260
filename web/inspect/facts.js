// What log and what server it is, and how fast records come.
import { byId, element } from "/chat/dom.js";

const NARROW = matchMedia("(max-width: 44rem)");
let before; // the answer before this one: two give rates

// There is room for all of it beside the name, but not on a phone.
byId("facts-fold").open = !NARROW.matches;
NARROW.addEventListener("change", () => (byId("facts-fold").open = !NARROW.matches));

const bytes = (n) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; n >= 1024 && unit < units.length - 1; unit++) n /= 1024;
  return `${n.toLocaleString("en", { maximumFractionDigits: unit ? 1 : 0 })} ${units[unit]}`;
};

export function showFacts(info) {
  const seconds = before ? (Date.parse(info.now) - Date.parse(before.now)) / 1000 : 0;
  const rate = (name) =>
    seconds > 0 && before.started === info.started
      ? (Math.max(0, info.since_start[name] - before.since_start[name]) / seconds).toLocaleString("en", { maximumFractionDigits: 1 })
      : "…";
  // What grows and shrinks all the time has its room, so that nothing else moves with it.
  const rows = [
    ["Engine", info.engine],
    ["Epoch", info.epoch],
    ["First", info.first.toLocaleString("en")],
    ["Head", info.head.toLocaleString("en")],
    ["Connections", info.connections.toLocaleString("en")],
    ["Duplicates", info.since_start.duplicates.toLocaleString("en")],
    ["On disk", bytes(info.bytes_on_disk), "roomy"],
    ["Records/s", rate("records"), "roomy"],
    ["Commits/s", rate("commits"), "roomy"],
  ];
  byId("facts").replaceChildren(
    ...rows.map(([name, value, kind]) => element("div", {}, element("dt", {}, name), element("dd", { class: kind }, value))),
  );
  byId("facts-short").textContent = `head ${info.head.toLocaleString("en")}, ${rate("records")} records/s`;
  byId("unwritable").textContent = info.writable ? "" : `Nothing is stored at the moment: ${info.why_not_writable}`;
  before = info;
}
