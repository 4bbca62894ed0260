// The chat page: an ordinary Socket.IO client of the log, with a memory.
//
// It keeps per channel the newest records and its position (local-log.js) and what is not yet stored (outbox.js). On
// load the remembered records are drawn at once, and CONNECT asks for what came after them.
import { ChannelPanel, placeInAddress } from "./channels.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { byId } from "./dom.js";
import { ENTRIES_SHOWN, HISTORY_FIRST_VISIT } from "./limits.js";
import { LocalLog } from "./local-log.js";
import { LogView } from "./log-view.js";
import { OlderMessages } from "./older.js";
import { Outbox } from "./outbox.js";
import { Readiness } from "./readiness.js";
import { parsePosition, parseRecord } from "./record.js";
import { Senders } from "./senders.js";
import { StatusView } from "./status-view.js";
import * as wording from "./wording.js";

let channel;
let localLog;
let outbox;
let phase = "connecting";
let session = "none yet";
let catchup = "none yet"; // the last one, in words
let how; // of the one under way: resumed or replaying
let awaySince; // when the connection went, until we are live again
let missed = 0; // records of others that came since then
let detailsTimer;
let wanted; // the offset in the address, until it was looked for

const statusView = new StatusView();
const channelPanel = new ChannelPanel();
const logView = new LogView({
  retry: (entry) => outbox.retry(entry),
  discard: (entry) => outbox.discard(entry),
  seen: markSeen,
  dropped: () => older.dropped(),
  fill: (hole) => older.fill(hole),
});
const older = new OlderMessages(logView);
const senders = new Senders(sendersFound);
const composer = new Composer({ send, renamed });
const readiness = new Readiness(storing);
const connection = new Connection({
  connected,
  disconnected,
  refused,
  record: receive,
  status: caughtUp,
  gap: missing,
  transport: showDetails,
});

function openChannel(place) {
  wanted = place.offset;
  if (place.channel === channel) return lookForWanted();
  localLog?.save();
  outbox?.stop();
  channel = place.channel;
  localLog = new LocalLog(channel);
  outbox = new Outbox(channel, (payload, key) => connection.send(payload, key), outboxChanged);
  awaySince = undefined;
  missed = 0;
  session = catchup = "none yet";

  channelPanel.opened(channel);
  composer.open(channel);
  statusView.notice("");
  statusView.refused("");
  drawFromMemory();
  setPhase(connection.held ? "offline" : "connecting");
  if (connection.held) sayOffline();
  else statusView.connecting();
  connection.join(channel, auth);
}

function drawFromMemory() {
  logView.clear(channel);
  older.opened(channel);
  senders.opened(channel);
  logView.busy = true;
  if (localLog.epoch !== undefined) logView.markUnreadAfter(localLog.seen, localLog.seen);
  for (const entry of localLog.entries.slice(-ENTRIES_SHOWN)) {
    logView.add(entry);
    askForSender(entry);
  }
  logView.flush();
  for (const entry of outbox.entries) logView.updatePending(entry);
  logView.scrollToEnd();
  showDetails();
}

/** What CONNECT carries: the name, and up to where this browser has the log. */
function auth() {
  const given = { status: true };
  if (composer.name) given.name = composer.name;
  if (localLog.position) given.offset = localLog.position;
  else given.history = HISTORY_FIRST_VISIT;
  return given;
}

function connected() {
  statusView.refused("");
  session = connection.recovered ? "recovered" : "new";
  how = undefined;
  setPhase("catching up");
}

function disconnected() {
  outbox.stop();
  awaySince ??= Date.now();
  logView.busy = true;
  setPhase("offline");
  sayOffline();
}

function renamed() {
  if (!connection.rejoin()) return;
  outbox.stop();
  setPhase("connecting");
}

function refused(message) {
  outbox.stop();
  setPhase("refused");
  statusView.refused(`The server does not let this page into #${channel} (${message}). It is asked again now and then.`);
}

function caughtUp(status, lastArgument) {
  noticeAnotherLog(parsePosition(lastArgument));
  if (status?.state === "resumed" || status?.state === "replaying") how = status.state;
  if (status?.state !== "live") return showDetails();
  catchup = wording.catchup(how, missed);
  if (awaySince !== undefined) statusView.back(wording.back(Date.now() - awaySince, missed));
  else if (missed && localLog.seen > 0) statusView.back(wording.sinceLastVisit(missed));
  else statusView.quiet();
  awaySince = undefined;
  missed = 0;
  logView.busy = false;
  logView.forgetUnneededUnreadLine();
  setPhase("live");
  older.ready();
  outbox.start(); // not before: an answer's offset means something only once it is known which log this is
  lookForWanted();
  if (logView.following) markSeen();
}

function receive(event, args) {
  const record = parseRecord(event, args);
  if (!record) return noticeAnotherLog(parsePosition(args.at(-1)));
  const { position, payload, entry } = record;
  noticeAnotherLog(position);
  if (event === "chat message" && outbox.recognise(position.offset, payload)) entry.own = true;
  if (phase === "live") entry.arrived = Date.now();
  if (!localLog.add(entry, position)) return showDetails();
  if (phase !== "live" && !entry.own) ++missed;
  const unseen = phase !== "live" || document.hidden || !logView.following;
  if (unseen && !entry.own && localLog.seen > 0) logView.markUnreadAfter(position.offset - 1, localLog.seen);
  logView.add(entry);
  askForSender(entry);
  if (entry.own) logView.flush(); // it has just left the pending ones: no moment in which it is nowhere
  if (phase === "live" && logView.following) markSeen();
  showDetails();
}

function askForSender(entry) {
  if (entry.offset !== undefined && !entry.name && entry.sender === undefined) senders.want(entry.offset);
}

function sendersFound(of, records) {
  if (of !== channel) return;
  for (const { offset, sender, time } of records) {
    const record = localLog.find(offset);
    if (record) Object.assign(record, { sender, sent: record.sent ?? Date.parse(time) });
  }
  localLog.changed();
  logView.nameSenders(records);
}

function missing(gap, lastArgument) {
  noticeAnotherLog(parsePosition(lastArgument));
  if (typeof gap !== "object" || gap === null) return;
  if (!localLog.addGap(gap)) return;
  logView.add({ gap });
  statusView.notice(wording.gap(gap));
}

function noticeAnotherLog(position) {
  if (!position || !localLog.belongsToAnotherLog(position)) return;
  localLog.forget();
  missed = 0;
  drawFromMemory();
  logView.busy = phase !== "live";
  statusView.notice(wording.replaced);
}

function send(name, text) {
  if (outbox.full) return false;
  logView.removeUnreadLine();
  outbox.add(name, text);
  logView.scrollToEnd();
  return true;
}

function outboxChanged(entry) {
  if (entry.state === "stored" && entry.offset <= localLog.offset) {
    // The record was here before the answer, unrecognised: it came from an earlier life of this page.
    const record = localLog.find(entry.offset);
    if (record) record.own = true;
    localLog.changed();
    logView.markOwn(entry.offset);
    return outbox.discard(entry);
  }
  logView.updatePending(entry);
  if (phase === "offline") sayOffline();
  showDetails();
}

/** `why` the server stores nothing; empty: it does again. */
function storing(why) {
  if (phase !== "live") return;
  if (why) return statusView.offline(wording.unwritable(why, outbox.waiting));
  statusView.quiet();
  outbox.start(); // what waits need not wait for the end of its time
}

function sayOffline() {
  statusView.offline(wording.offline(outbox.waiting, connection.held));
}

function setPhase(next) {
  phase = next;
  statusView.phase(next);
  showDetails();
}

/** Once per turn of the event loop, however many records came in it. */
function showDetails() {
  detailsTimer ??= setTimeout(() => {
    detailsTimer = undefined;
    const { waiting } = outbox;
    readiness.watch(waiting > 0 && phase === "live");
    const transport = connection.connected ? connection.transport : "none";
    statusView.details({ transport, session, catchup, localLog, waiting, held: connection.held });
    composer.note(outboxNote(waiting));
  }, 0);
}

function outboxNote(waiting) {
  if (outbox.full) return "Too many messages wait already. The next one stays here until some are stored.";
  if (waiting && !outbox.kept) return "This browser keeps nothing across a refresh: stay until all is stored.";
  return waiting && phase !== "live" ? `${wording.count(waiting, "message")} waiting` : "";
}

function markSeen() {
  if (!document.hidden && phase === "live") localLog.markSeen();
}

async function lookForWanted() {
  if (wanted === undefined) return;
  const offset = wanted;
  wanted = undefined;
  if (logView.reveal(offset)) return;
  const asked = channel;
  const none = await older.loadAround(offset);
  if (asked !== channel || logView.reveal(offset)) return;
  statusView.notice(none ? wording.noMessage(offset, channel, none.first) : `Offset ${offset} is not among the messages on this page.`);
}

byId("drop-button").addEventListener("click", () => connection.drop());
byId("hold-button").addEventListener("click", () => {
  if (connection.held) {
    connection.release();
    showDetails();
  } else {
    connection.hold();
    if (phase !== "offline") disconnected();
    sayOffline();
    showDetails();
  }
});
addEventListener("hashchange", () => openChannel(placeInAddress()));
addEventListener("pagehide", () => localLog.save());
document.addEventListener("visibilitychange", () => {
  if (document.hidden) localLog.save();
  else if (logView.following) markSeen();
});

openChannel(placeInAddress());
composer.focusIfHandy();
