// Messages older than the page holds, read from the log through its HTTP API: backwards when the reader gets to the top, and
// around one that a link leads to, however far back it is. Between those and the newer ones others may be missing, which a
// line says; they are read on when somebody asks for them.
// The API answers the server's own machine unless it has a token, which this page does not know: where it does not
// answer, the page is as it would be without it.
import { byId } from "./dom.js";
import { ENTRIES_READ_BACK, OLDER_AT_ONCE } from "./limits.js";
import { describe } from "./record.js";

const TOP_SLACK_PX = 300; // so far from the top the next ones are asked for

const NOTES = {
  loading: "Looking for older messages…",
  begins: "Here the channel begins.",
  trimmed: "Here begins what the log still keeps.",
  damaged: "The log is damaged here. The inspector shows what is older.",
  full: "This page shows no more of them; the inspector shows the whole log.",
  failed: "Older messages could not be read just now.",
};

export class OlderMessages {
  #scroller = byId("scroller");
  #row = byId("older");
  #button = byId("older-button");
  #note = byId("older-note");
  #logView;
  #channel;
  #state = "off"; // off, more, loading, begins, trimmed, damaged, full, failed, unavailable
  #loading; // what is under way

  constructor(logView) {
    this.#logView = logView;
    this.#button.addEventListener("click", () => this.load());
    this.#scroller.addEventListener("scroll", () => this.#look(), { passive: true });
  }

  /** Another channel, or nothing is known of this one yet. */
  opened(channel) {
    this.#channel = channel;
    if (this.#state !== "unavailable") this.#setState("off");
  }

  /** The page shows what it has of the channel: from now on older ones may be asked for. */
  ready() {
    if (this.#state === "off" && this.#logView.oldest !== undefined) this.#setState("more");
    this.#look();
  }

  /** The view dropped its oldest messages: they can be asked for again. */
  dropped() {
    if (this.#state !== "off" && this.#state !== "unavailable") this.#setState("more");
  }

  /**
   * Shows the message at `offset` with some before and after it. Gives {first}, of the log, where the channel has no such
   * message; undefined where it is shown, or nothing can be said of it.
   */
  async loadAround(offset) {
    await this.#loading;
    const { oldest } = this.#logView;
    if (!this.#wants || !(offset < oldest) || !this.#hasRoom()) return undefined;
    const [after, before] =
      (await this.#read({ after: offset - 1, before: oldest, limit: 2 * OLDER_AT_ONCE }, { before: offset, order: "desc", limit: OLDER_AT_ONCE / 2 })) ?? [];
    if (!after) return undefined;
    if (after.entries[0]?.offset !== offset) {
      this.#setState("more");
      return after;
    }
    this.#logView.prepend([...before.entries, ...after.entries], after.more || after.damaged);
    this.#readBackTo(before);
    return undefined;
  }

  async load() {
    if (!this.#wants || !this.#hasRoom()) return;
    this.#loading = this.#loadOlder();
    await this.#loading;
  }

  async #loadOlder() {
    const [answer] = (await this.#read({ before: this.#logView.oldest, order: "desc", limit: OLDER_AT_ONCE })) ?? [];
    if (!answer) return;
    this.#logView.prepend(answer.entries);
    this.#readBackTo(answer);
  }

  /** Goes on where messages are missing in between. */
  async fill(hole) {
    const kept = this.#state;
    if (kept === "loading" || kept === "unavailable") return;
    if (this.#logView.size >= ENTRIES_READ_BACK) return this.#logView.closeHole(hole, NOTES.full);
    const { after, before } = this.#logView.edgesOf(hole);
    const [answer] = (await this.#read({ after, before, limit: OLDER_AT_ONCE })) ?? [];
    if (!answer) return;
    this.#logView.fill(hole, answer.entries, answer.more || answer.damaged);
    this.#setState(kept);
  }

  get #wants() {
    return this.#state === "more" || this.#state === "failed";
  }

  #hasRoom() {
    if (this.#logView.size < ENTRIES_READ_BACK) return true;
    this.#setState("full");
    return false;
  }

  /** The answers; undefined where there are none, or nobody wants them any more. */
  async #read(...ranges) {
    const channel = this.#channel;
    this.#setState("loading");
    const answers = await Promise.all(ranges.map((range) => readLog(`/chat/${channel}`, range))).catch(() => undefined);
    if (channel !== this.#channel || this.#state !== "loading") return undefined;
    if (!answers) this.#setState("failed");
    else if (answers.some(({ refused }) => refused)) this.#setState("unavailable");
    else return answers;
    return undefined;
  }

  #readBackTo({ more, damaged, first }) {
    this.#setState(more ? "more" : damaged ? "damaged" : first > 1 ? "trimmed" : "begins");
    this.#look();
  }

  #look() {
    if (this.#state === "more" && this.#scroller.scrollTop < TOP_SLACK_PX) this.load();
  }

  #setState(state) {
    this.#state = state;
    this.#row.hidden = state === "off" || state === "unavailable";
    this.#button.hidden = state !== "more" && state !== "failed";
    this.#note.textContent = NOTES[state] ?? "";
  }
}

/** {entries (oldest first), more, damaged, first} or {refused: true}; throws where the network or the server fails. */
async function readLog(channel, range) {
  const query = new URLSearchParams({ channel, ...range, limit: range.limit + 1 }); // one more: whether there are more
  const response = await fetch(`/api/v1/log?${query}`);
  if (response.status === 401 || response.status === 403) return { refused: true };
  if (!response.ok) throw new Error(`status ${response.status}`);
  const records = (await response.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const damaged = records.at(-1)?.error !== undefined; // which ends it
  if (damaged) records.pop();
  const entries = records.slice(0, range.limit).map(entryOf);
  if (range.order === "desc") entries.reverse();
  return { entries, more: records.length > range.limit, damaged, first: Number(response.headers.get("Tidemark-First")) };
}

function entryOf({ offset, time, event, sender, payload, attachments }) {
  const entry = { offset, ...describe(event, attachments ? withBinary(payload, attachments) : payload) };
  entry.sent ??= Date.parse(time);
  if (!entry.name) entry.sender = sender;
  return entry;
}

/** The payload with its placeholders' bytes in their places. */
function withBinary(value, attachments) {
  if (typeof value !== "object" || value === null) return value;
  if (value._placeholder === true) return Uint8Array.from(atob(attachments[value.num] ?? ""), (c) => c.charCodeAt(0));
  if (Array.isArray(value)) return value.map((one) => withBinary(one, attachments));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, withBinary(one, attachments)]));
}
