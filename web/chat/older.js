// Messages older than the page holds, read backwards from the log through its HTTP API when the reader gets to the top.
// The API answers the server's own machine unless it has a token, which this page does not know: where it does not
// answer, the page is as it would be without it.
import { byId } from "./dom.js";
import { ENTRIES_READ_BACK, OLDER_AT_ONCE } from "./limits.js";
import { describe } from "./record.js";

const TOP_SLACK_PX = 300; // so far from the top the next ones are asked for

export class OlderMessages {
  #scroller = byId("scroller");
  #row = byId("older");
  #button = byId("older-button");
  #note = byId("older-note");
  #logView;
  #channel;
  #state = "off"; // off, more, loading, begins, trimmed, full, failed, unavailable

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

  /** Loads until the message at `offset` is there or there are no more. */
  async loadDownTo(offset) {
    while (this.#state === "more" && this.#logView.oldest > offset) await this.load();
  }

  async load() {
    if (this.#state !== "more" && this.#state !== "failed") return;
    if (this.#logView.size >= ENTRIES_READ_BACK) return this.#setState("full");
    const channel = this.#channel;
    this.#setState("loading");
    const answer = await readBackwards(`/chat/${channel}`, this.#logView.oldest).catch(() => undefined);
    if (channel !== this.#channel || this.#state !== "loading") return;
    if (!answer) return this.#setState("failed");
    if (answer.refused) return this.#setState("unavailable");
    this.#logView.prepend(answer.entries);
    this.#setState(answer.more ? "more" : answer.first > 1 ? "trimmed" : "begins");
    this.#look();
  }

  #look() {
    if (this.#state === "more" && this.#scroller.scrollTop < TOP_SLACK_PX) this.load();
  }

  #setState(state) {
    this.#state = state;
    this.#row.hidden = state === "off" || state === "unavailable";
    this.#button.hidden = state !== "more" && state !== "failed";
    this.#note.textContent = {
      loading: "Looking for older messages…",
      begins: "Here the channel begins.",
      trimmed: "Here begins what the log still keeps.",
      full: "This page goes back no further; the inspector shows the whole log.",
      failed: "Older messages could not be read just now.",
    }[state] ?? "";
  }
}

/** {entries (oldest first), more, first} or {refused: true}; throws where the network or the server fails. */
async function readBackwards(channel, before) {
  const query = new URLSearchParams({ channel, before, order: "desc", limit: OLDER_AT_ONCE });
  const response = await fetch(`/api/v1/log?${query}`);
  if (response.status === 401 || response.status === 403) return { refused: true };
  if (!response.ok) throw new Error(`status ${response.status}`);
  const lines = (await response.text()).split("\n").filter(Boolean);
  const entries = [];
  for (const line of lines) {
    const record = JSON.parse(line);
    if (record.error) break; // what is damaged ends it
    entries.unshift(entryOf(record));
  }
  return { entries, more: lines.length === OLDER_AT_ONCE, first: Number(response.headers.get("Tidemark-First")) };
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
