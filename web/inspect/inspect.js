// The inspector: the log as it is, live, on the HTTP API that programs use.
import { byId, element } from "/chat/dom.js";
import { get, token } from "./api.js";
import { Detail } from "./detail.js";
import { LogWindow } from "./log-window.js";
import { showRecoveries } from "./recoveries.js";
import { Table } from "./table.js";

const FACTS_EVERY_MS = 2_000;
const CHANNELS_EVERY_MS = 15_000;
const SEARCH_PAGES = 25; // read back at most, for one press of the button

const channelField = byId("channel");
const textField = byId("text");
const jumpField = byId("jump");
const problem = byId("problem");
let lastInfo;
let searching = false;

const table = new Table({
  open: (record) => detail.show(record),
  top: () => !searching && log.older(),
  bottom: () => log.newer(),
});
const detail = new Detail(() => table.focusFirst());
const log = new LogWindow({
  replaced: () => {
    table.replace(log.records);
    showShown();
  },
  appended: (records) => {
    table.prune(log.first ?? 0, Infinity);
    table.append(records);
    showShown();
  },
  prepended: (records) => {
    table.prepend(records);
    table.prune(0, log.last ?? Infinity);
    showShown();
  },
  state: (state, error) => {
    byId("state").dataset.state = state;
    byId("state-text").textContent = state;
    byId("live").hidden = state === "live";
    if (state === "reconnecting" && error) failed(error);
    else say("");
  },
  failed,
});

function say(text) {
  problem.textContent = text;
}

function failed(error) {
  const asks = error.status === 401;
  byId("token-form").hidden = !asks;
  if (asks) byId("token").focus();
  say(error.status ? error.message : `The server is not there (${error.message}). The page tries again.`);
}

/** What is looked for stands in any of a record's texts, whatever its case. */
function matcher(text) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return () => true;
  return (record) =>
    [record.channel, record.event, record.sender, record.key ?? "", JSON.stringify(record.payload)].some((one) =>
      one.toLowerCase().includes(wanted),
    );
}

function showShown() {
  const filtered = textField.value.trim() !== "";
  const held = log.records.length;
  byId("shown").textContent = filtered
    ? `${table.shown} of the ${held.toLocaleString("en")} records at hand`
    : `${held.toLocaleString("en")} records at hand`;
  byId("search-older").hidden = !filtered;
  byId("empty").hidden = !table.empty;
  byId("empty").textContent = filtered ? "None of the records at hand matches." : "Nothing is here yet.";
}

async function searchOlder() {
  searching = true;
  const before = table.shown;
  let more = true;
  for (let page = 0; page < SEARCH_PAGES && table.shown === before && more; page++) more = await log.older();
  searching = false;
  if (more === null) return; // why is said already
  say(table.shown === before ? "Nothing older matches, as far as was read. Press again to go on." : "");
}

/** "17" is an offset, anything else a time of day or a moment. */
async function jump() {
  const text = jumpField.value.trim();
  if (text === "") return;
  let target;
  if (/^\d+$/.test(text)) target = await log.jump({ offset: Number(text) });
  else {
    const day = /^\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${new Date().toLocaleDateString("sv")}T${text}` : text;
    const moment = new Date(day);
    if (Number.isNaN(moment.getTime())) return say(`"${text}" is neither an offset nor a time such as 14:30 or 2026-11-25T14:30.`);
    target = await log.jump({ since: moment.toISOString() });
  }
  if (target === null) return; // why is said already
  if (target === undefined) return say("There is no record at or after that place.");
  table.reveal(target, true);
  const record = log.records.find((one) => one.offset === target);
  if (record) detail.show(record);
}

const bytes = (n) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  for (; n >= 1024 && unit < units.length - 1; unit++) n /= 1024;
  return `${n.toLocaleString("en", { maximumFractionDigits: unit ? 1 : 0 })} ${units[unit]}`;
};

async function facts() {
  if (document.hidden) return;
  const info = await get("/info");
  const seconds = lastInfo ? (Date.parse(info.now) - Date.parse(lastInfo.now)) / 1000 : 0;
  const rate = (name) =>
    seconds > 0 && lastInfo.started === info.started
      ? (Math.max(0, info.since_start[name] - lastInfo.since_start[name]) / seconds).toLocaleString("en", { maximumFractionDigits: 1 })
      : "…";
  const rows = [
    ["Engine", info.engine],
    ["Epoch", info.epoch],
    ["First", info.first.toLocaleString("en")],
    ["Head", info.head.toLocaleString("en")],
    ["On disk", bytes(info.bytes_on_disk)],
    ["Records/s", rate("records")],
    ["Commits/s", rate("commits")],
    ["Connections", info.connections.toLocaleString("en")],
    ["Stored twice, prevented", info.since_start.duplicates.toLocaleString("en")],
  ];
  byId("facts").replaceChildren(
    ...rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))),
  );
  byId("unwritable").textContent = info.writable ? "" : `Nothing is stored at the moment: ${info.why_not_writable}`;
  lastInfo = info;
  showRecoveries(await get("/recoveries"));
}

async function channels() {
  if (document.hidden) return;
  const { channels: all } = await get("/channels");
  byId("channels").replaceChildren(
    ...all.map(({ channel, records }) => element("option", { value: channel }, `${records.toLocaleString("en")} records`)),
  );
}

function every(ms, work) {
  const again = () => work().catch(() => {}).then(() => setTimeout(again, ms));
  again();
}

function submitted(form, act) {
  byId(form).addEventListener("submit", (event) => {
    event.preventDefault();
    say("");
    act();
  });
}

submitted("filter-form", () => log.follow(channelField.value.trim()));
submitted("jump-form", jump);
submitted("token-form", () => {
  token.set(byId("token").value.trim());
  byId("token-form").hidden = true;
  log.follow();
});
channelField.addEventListener("change", () => log.follow(channelField.value.trim()));
textField.addEventListener("input", () => {
  table.filter = matcher(textField.value);
  table.replace(log.records);
  showShown();
});
byId("live").addEventListener("click", () => log.follow());
byId("search-older").addEventListener("click", searchOlder);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input");
  if (event.key === "Escape" && (typing || detail.open)) {
    detail.close();
    return table.focusFirst();
  }
  if (typing) return;
  const act = { "/": () => textField.focus(), c: () => channelField.focus(), g: () => jumpField.focus(), l: () => log.follow() }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

channelField.value = new URLSearchParams(location.hash.slice(1)).get("channel") ?? "";
log.follow(channelField.value);
every(FACTS_EVERY_MS, facts);
every(CHANNELS_EVERY_MS, channels);
