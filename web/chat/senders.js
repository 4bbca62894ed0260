// From whom messages without a name in them came, and when: the log knows, and its HTTP API says it where it answers this page. What is
// sent to clients has no room for it. Asked for some at once, and for none twice.
import { ENTRIES_SHOWN, SENDERS_ASK_AFTER_MS, SENDERS_AT_ONCE } from "./limits.js";

export class Senders {
  #channel;
  #wanted = new Set(); // offsets
  #timer;
  #refused = false;
  #found;

  /** `found` is called with the channel and records of it: offset, time, and sender, the publisher's name, else the session's id. */
  constructor(found) {
    this.#found = found;
  }

  opened(channel) {
    this.#channel = channel;
    this.#wanted.clear();
  }

  want(offset) {
    if (this.#refused) return;
    this.#wanted.add(offset);
    // Older ones have left the document.
    if (this.#wanted.size > ENTRIES_SHOWN) this.#wanted.delete(this.#wanted.values().next().value);
    this.#timer ??= setTimeout(() => this.#ask(), SENDERS_ASK_AFTER_MS);
  }

  /** The newest ones first, a stretch of the channel with each request; where one fails the names are not worth another. */
  async #ask() {
    const channel = this.#channel;
    while (this.#wanted.size > 0 && channel === this.#channel && !this.#refused) {
      const newest = Math.max(...this.#wanted);
      const lines = await read(`/chat/${channel}`, newest).catch(() => []);
      if (channel !== this.#channel) break;
      if (lines === undefined) this.#refused = true;
      if (!lines?.length) this.#wanted.clear();
      const found = (lines ?? []).filter(({ offset }) => this.#wanted.delete(offset));
      if (found.length > 0) this.#found(channel, found);
      this.#wanted.delete(newest); // it is not there any more
    }
    this.#timer = undefined;
    if (this.#wanted.size > 0) this.want(this.#wanted.values().next().value);
  }
}

/** Records of the channel up to `newest`; undefined: the API does not answer this page. */
async function read(channel, newest) {
  const query = new URLSearchParams({ channel, before: newest + 1, order: "desc", limit: SENDERS_AT_ONCE });
  const response = await fetch(`/api/v1/log?${query}`);
  if (response.status === 401 || response.status === 403) return undefined;
  if (!response.ok) return [];
  const lines = (await response.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return lines.filter(({ error }) => !error);
}
