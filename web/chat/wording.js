// What the page says, where it takes more than a constant.

export const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;

/** 40_000 -> "40 s", 3_900_000 -> "1 h 5 min" */
export function duration(ms) {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

const missedMessages = (missed) => (missed ? count(missed, "missed message") : "nothing missed");

export const back = (awayMs, missed) => `Back after ${duration(awayMs)}: ${missedMessages(missed)}.`;
export const sinceLastVisit = (missed) => `${count(missed, "new message")} since you were last here.`;

/** How a catch-up went: from the server's memory (resumed) or from its store (replaying). */
export function catchup(how, missed) {
  const what = missed ? count(missed, "message") : "nothing missed";
  if (how === "resumed") return `resumed, ${what}`;
  return how === "replaying" ? `replayed, ${what}` : what;
}

export function offline(waiting, held) {
  const how = held ? "Offline, because you asked for it." : "Offline, trying to reach the server.";
  const what = waiting ? `Your ${count(waiting, "message")}` : "What you write";
  return `${how} ${what} will wait here and be sent, once, when the connection is back.`;
}

/** `why` is what the server says of itself: "log not writable: only 12 MiB are free for ...". */
export function unwritable(why, waiting) {
  const reason = why.replace(/^log not writable: /, "");
  return `The server stores nothing at the moment: ${reason}. Your ${count(waiting, "message")} will wait here and be sent, once, when it does.`;
}

/** Who sent a message that has no name in it, by the log's own note of who published it, where the page knows that. */
export function sender(noted) {
  if (noted === undefined) return "a program";
  if (noted === "tidemark") return "command line";
  if (noted === "api") return "HTTP API";
  // A session's id: who connected gave no name.
  if (/^[\w-]{16}$/.test(noted) && /\d/.test(noted) && /[a-z]/.test(noted) && /[A-Z]/.test(noted)) return "a program";
  return noted;
}

export const nameless = "Its message has no name in it: it came from the command line, the HTTP API or another program.";

const REASONS = {
  retention: "they were trimmed by the log's retention",
  trimmed: "they were trimmed by the log's retention",
};

export function gap({ from, to, reason }) {
  const which =
    Number.isSafeInteger(from) && Number.isSafeInteger(to)
      ? `Messages between offset ${from} and ${to} are gone`
      : "Some messages are gone";
  return reason ? `${which}: ${REASONS[reason] ?? reason}.` : `${which}.`;
}

/** `first` is the log's first offset. */
export function noMessage(offset, channel, first) {
  if (offset < first) return `Offset ${offset} is not there any more: the log begins at offset ${first}.`;
  return `There is no message at offset ${offset} in #${channel}.`;
}

export const replaced =
  "The server now keeps another log. What this browser remembered of the old one was put away; this is what the new one holds.";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const fullTime = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });
const dayName = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayAndYear = new Intl.DateTimeFormat(undefined, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
});

export const timeOfDay = (ms) => clock.format(ms);
export const dateAndTime = (ms) => fullTime.format(ms);
export const dayKey = (ms) => new Date(ms).toDateString();

export function day(ms, now = new Date()) {
  const date = new Date(ms);
  if (date.toDateString() === now.toDateString()) return "Today";
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date.toDateString() === yesterday.toDateString()) return "Yesterday";
  return (date.getFullYear() === now.getFullYear() ? dayName : dayAndYear).format(date);
}
