// The inspector: the log as it is, live, on the HTTP API that programs use.
import { byId, element } from "/chat/dom.js";
import { marked, plain } from "/shared/marked.js";
import { readAddress, writeAddress } from "./address.js";
import { get, token } from "./api.js";
import { Detail } from "./detail.js";
import { showFacts } from "./facts.js";
import { Filter } from "./filter.js";
import { showGone } from "./gone.js";
import { LogWindow, RECORDS_HELD } from "./log-window.js";
import { nearestName } from "./nearest.js";
import { showRecoveries } from "./recoveries.js";
import { Search } from "./search.js";
import { Table } from "./table.js";

const FACTS_EVERY_MS = 2_000;
const CHANNELS_EVERY_MS = 15_000;
const CHANNELS_OFFERED = 500; // while one types: those with most records
const PAUSE_SHARE = 20; // what takes long to answer, of a log with many channels, is asked less often
const ANOTHER_LOG = "The server now keeps another log: this is what it holds.";
const FOUND_ROWS = 2 * RECORDS_HELD; // shown at most, of older ones and those at hand together

const channelField = byId("channel");
const textField = byId("text");
const jumpField = byId("jump");
let filter = new Filter("");
let found = 0; // older ones, by the search
let open; // the offset of the record that is looked at
let damagedRecords = 0;
let losses = { losses: [] };
let channelNames; // undefined: not told yet
let isAnother = false; // log than the one that was looked at before

const search = new Search();
const table = new Table({
  open: show,
  // Between what a search found and the records at hand there are others.
  top: () => search.reached === undefined && log.older(),
  bottom: () => log.newer(),
});
const detail = new Detail(() => {
  closeRecord();
  table.focusFirst();
});
const log = new LogWindow({
  replaced: () => {
    forgetSearch();
    table.replace(log.records);
    showShown();
    setTimeout(fillScreen);
  },
  appended: (records, passed) => {
    if (search.reached === undefined) {
      table.prune(log.first ?? 0, Infinity);
      table.append(records);
    } else {
      table.cut(FOUND_ROWS);
      table.append(passed ? [{ passed }, ...records] : records); // what was found stays above it
    }
    showShown();
    if (!log.live) setTimeout(fillScreen);
  },
  prepended: (records) => {
    table.prepend(records);
    table.prune(0, log.last ?? Infinity);
    showShown();
    setTimeout(fillScreen);
  },
  state: (state, error) => {
    byId("state").dataset.state = state;
    byId("state-text").textContent = state;
    byId("live").hidden = state === "live";
    if (state === "reconnecting" && error) failed(error, true);
    else complain("");
  },
  failed,
  anotherLog: () => {
    closeRecord();
    table.forgetSelected();
    isAnother = true;
    say(ANOTHER_LOG);
  },
  atEnd: () => table.following,
});

function complain(text) {
  byId("problem").textContent = text;
}

function say(text) {
  byId("said").textContent = text;
}

const TOKEN_PROBLEMS = {
  token_needed: "This server asks for its API token.",
  token_wrong: "That is not the API token of this server.",
};

/** `again`: the page tries again by itself. */
function failed(error, again = false) {
  const asks = error.status === 401;
  byId("token-form").hidden = !asks;
  if (asks) {
    byId("token").focus();
    byId("state-text").textContent = "waiting for the token";
  }
  const answer = TOKEN_PROBLEMS[error.code] ?? error.message;
  complain(`${error.status ? answer : `The server is not there (${error.message}).`}${again && !asks ? " The page tries again." : ""}`);
}

// --- what is looked at -------------------------------------------------------------------------------------------------

const keepAddress = () => writeAddress({ channel: log.channel, text: textField.value.trim(), at: open });

function show(record) {
  open = record.offset;
  detail.show(record);
  keepAddress();
}

function closeRecord() {
  detail.close();
  open = undefined;
  keepAddress();
}

async function follow(channel = log.channel) {
  say("");
  const following = log.follow(channel);
  keepAddress();
  await following;
}

function setFilter(text) {
  filter = new Filter(text);
  table.filter = (record) => filter.has(record);
}

function narrow() {
  setFilter(textField.value);
  forgetSearch();
  table.replace(log.records);
  showShown();
  keepAddress();
}

async function fromAddress() {
  const { channel, text, at } = readAddress();
  channelField.value = channel;
  textField.value = text;
  setFilter(text);
  if (at === undefined) {
    detail.close();
    open = undefined;
    return follow(channel);
  }
  await goTo({ offset: at, channel });
}

function showShown() {
  const held = log.records.length;
  const atHand = `${held.toLocaleString("en")} ${held === 1 ? "record" : "records"} at hand`;
  const matching = table.shown - found;
  byId("shown").textContent = !filter.active
    ? atHand
    : `${matching.toLocaleString("en")} of the ${atHand}${search.reached === undefined ? "" : `, ${found.toLocaleString("en")} older`}`;
  byId("search-older").hidden = !filter.active || (search.reached <= search.logFirst && !search.running);
  showEmpty();
}

/** Of long records few are read at once: nobody can scroll for others where there are too few. */
function fillScreen() {
  if (filter.active || table.empty || table.scrolls || !log.hasRoom) return;
  if (log.live) log.older();
  else log.newer();
}

function showEmpty() {
  byId("empty").hidden = !table.empty;
  const why = element("p", {}, ...whyEmpty());
  // The same anew would take the focus from who is on it.
  if (byId("empty").textContent !== why.textContent) byId("empty").replaceChildren(...why.childNodes);
}

function whyEmpty() {
  if (filter.active && log.records.length > 0) return ["None of the records at hand matches."];
  if (!log.known) return [];
  if (log.channel === "" || channelNames === undefined) return ["Nothing is here yet."];
  const channel = element("bdi", {}, ...marked(log.channel));
  if (losses.losses.some((one) => one.channel === log.channel)) return ["All records of ", channel, " are trimmed."];
  const nearest = nearestName(log.channel, channelNames);
  if (nearest === undefined) return ["The log has no channel ", channel, "."];
  return ["The log has no channel ", channel, ". Did you mean ", channelLink(nearest), "?"];
}

function channelLink(name) {
  const link = element("button", { type: "button" }, element("bdi", {}, ...marked(name)));
  link.addEventListener("click", () => {
    channelField.value = name;
    follow(name);
  });
  return link;
}

// --- finding -----------------------------------------------------------------------------------------------------------

function forgetSearch() {
  search.forget();
  found = 0;
  say("");
}

function showSearch() {
  const { share } = search;
  byId("search").hidden = !search.running;
  byId("search-older").textContent = search.running ? "Stop" : "Search older";
  if (!search.running) return;
  if (Number.isNaN(share)) byId("search-share").removeAttribute("value");
  else byId("search-share").value = share;
  byId("search-at").textContent = search.reached === undefined ? "" : whereSearched();
}

function whereSearched() {
  const share = Number.isNaN(search.share) ? "" : `, ${Math.floor(100 * search.share)} % of the log`;
  const matching = found === 1 ? "1 older record matches" : `${found === 0 ? "no" : found.toLocaleString("en")} older records match`;
  return `back to offset ${search.reached.toLocaleString("en")}${share}: ${matching}`;
}

async function searchOlder() {
  if (search.running) return search.stop();
  const mine = filter;
  const ended = search.run({
    channel: log.channel,
    before: log.first,
    filter,
    found: (records) => {
      if (filter !== mine) return;
      found += records.filter(({ offset }) => offset !== undefined).length;
      table.prepend(records);
      showShown();
    },
    progress: showSearch,
  });
  say("");
  showSearch();
  try {
    const end = await ended;
    if (filter !== mine) return;
    say(
      {
        begin: `Searched ${whereSearched()}. There the log begins.`,
        enough: `Searched ${whereSearched()}. There may be more.`,
        stopped: search.reached === undefined ? "" : `Stopped; searched ${whereSearched()}.`,
      }[end],
    );
  } catch (error) {
    failed(error);
  } finally {
    showSearch();
    showShown();
  }
}

/** "17" is an offset, anything else a time of day or a moment. */
async function jump() {
  const text = jumpField.value.trim();
  if (text === "") return;
  // As the page writes them, too: "20,000".
  if (/^\d+(,\d{3})*$/.test(text)) return goTo({ offset: Math.min(Number(text.replaceAll(",", "")), Number.MAX_SAFE_INTEGER) });
  const day = /^\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${new Date().toLocaleDateString("sv")}T${text}` : text;
  const moment = new Date(day);
  if (Number.isNaN(moment.getTime())) {
    return complain(`"${plain(text)}" is neither an offset nor a time such as 14:30 or 2026-11-25T14:30.`);
  }
  await goTo({ since: moment.toISOString() });
}

async function goTo(place) {
  isAnother = false;
  const met = await log.jump(place);
  if (met === null) return; // why is said already
  const { target } = met;
  const why = [isAnother ? ANOTHER_LOG : "", whyAnotherPlace(place.offset, met)].filter(Boolean).join(" ");
  if (target === undefined || place.offset < met.first) {
    closeRecord();
    table.forgetSelected();
    if (target !== undefined) table.toBegin();
    return say(why);
  }
  const record = log.records.find((one) => one.offset === target);
  if (record) show(record);
  say(table.reveal(target, true) ? why : `Record ${target} does not match the text that is looked for.`);
}

/** What is shown where there is nothing at the offset, or at the moment, that was asked for; empty: it is there. */
function whyAnotherPlace(offset, { target, newest, first, head }) {
  const named = (n) => `offset ${n.toLocaleString("en")}`;
  if (head === 0) return "The log is empty.";
  if (offset > head) return `There is no ${named(offset)} yet: the log ends at ${named(head)}.`;
  if (offset < first) return `There is no ${named(offset)}${offset > 0 ? " any more" : ""}: the log begins at ${named(first)}.`;
  if (target === undefined) return `There is no record from there on${newest ? `; the newest is at ${named(newest)}` : ""}.`;
  if (offset === undefined || target === offset) return "";
  return `${named(offset).replace("o", "O")} is ${log.channel ? `not of ${plain(log.channel)}` : "empty"}; the next record is shown.`;
}

// --- what the server says of itself --------------------------------------------------------------------------------------

async function facts() {
  if (document.hidden) return;
  const info = await get("/info");
  showFacts(info);
  showGone(info, losses, damagedRecords, (offset) => goTo({ offset }));
  showRecoveries(await get("/recoveries"));
}

async function channels() {
  if (document.hidden) return;
  losses = await get("/losses");
  const { channels: all, unreadable } = await get("/channels");
  damagedRecords = unreadable;
  channelNames = all.map(({ channel }) => channel);
  showEmpty();
  const offered = all.toSorted((a, b) => b.records - a.records).slice(0, CHANNELS_OFFERED);
  byId("channels").replaceChildren(
    ...offered.map(({ channel, records }) => element("option", { value: channel }, `${records.toLocaleString("en")} records`)),
  );
}

function every(ms, work) {
  const again = async () => {
    const began = performance.now();
    await work().catch(() => {});
    setTimeout(again, Math.max(ms, PAUSE_SHARE * (performance.now() - began)));
  };
  again();
}

function submitted(form, act) {
  byId(form).addEventListener("submit", (event) => {
    event.preventDefault();
    complain("");
    say("");
    act();
  });
}

submitted("filter-form", () => follow(channelField.value.trim()));
submitted("jump-form", jump);
submitted("token-form", () => {
  token.set(byId("token").value.trim());
  byId("token-form").hidden = true;
  fromAddress();
});
channelField.addEventListener("change", () => follow(channelField.value.trim()));
textField.addEventListener("input", narrow);
byId("live").addEventListener("click", () => follow());
byId("fresh").addEventListener("click", () => (log.live ? table.toEnd() : follow()));
byId("search-older").addEventListener("click", searchOlder);
addEventListener("hashchange", fromAddress);
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const typing = event.target.matches("input");
  if (event.key === "Escape" && (typing || detail.open)) {
    closeRecord();
    return table.focusFirst();
  }
  if (typing) return;
  const act = { "/": () => textField.focus(), c: () => channelField.focus(), g: () => jumpField.focus(), l: () => follow() }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

fromAddress();
every(FACTS_EVERY_MS, facts);
every(CHANNELS_EVERY_MS, channels);
