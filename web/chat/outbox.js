// Messages that are not yet known to be stored.
//
// Each waits in localStorage under its client key until the server has acknowledged it or it comes back as a record. On
// every connection the waiting ones are sent again, in order, one at a time; the server stores a client key once, so
// sending twice is harmless, also from two tabs. A refusal is final and shown; silence is not, and means: again.
import { OUTBOX_ENTRIES } from "./limits.js";
import * as storage from "./storage.js";

// Fresh for every page load, not kept with the tab: a duplicated tab would otherwise give two messages the same key.
const pageId = Array.from(crypto.getRandomValues(new Uint8Array(9)), (byte) => byte.toString(36).padStart(2, "0")).join(
  "",
);
let lastNumber = 0;
let lastSent = 0;

export class Outbox {
  #channel;
  #send;
  #changed;
  #round = 0; // of the current connection; a round that is over touches nothing
  #running = false;

  /**
   * `send(payload, key)` resolves with the server's answer and rejects if none came.
   * `changed(entry)` is called whenever an entry is added, acknowledged, refused or gone.
   */
  constructor(channel, send, changed) {
    this.kept = true; // false: this browser refuses to store anything, and a refresh would lose what waits
    this.#channel = channel;
    this.#send = send;
    this.#changed = changed;
    this.entries = storage
      .keys(`outbox:${channel}:`)
      .map(storage.read)
      .filter((entry) => typeof entry?.key === "string")
      .sort((a, b) => a.sent - b.sent || a.number - b.number);
  }

  get waiting() {
    return this.entries.filter((entry) => entry.state === "waiting").length;
  }

  get full() {
    return this.entries.length >= OUTBOX_ENTRIES;
  }

  add(name, text) {
    // Never twice the same time: a record is recognised as ours by name, text and time.
    lastSent = Math.max(Date.now(), lastSent + 1);
    const entry = {
      key: `${pageId}-${++lastNumber}`,
      number: lastNumber,
      name,
      text,
      sent: lastSent,
      state: "waiting",
    };
    this.entries.push(entry);
    this.#keep(entry);
    this.#changed(entry);
    this.#run();
    return entry;
  }

  retry(entry) {
    // Refused means not stored, so the same key is still free.
    entry.state = "waiting";
    delete entry.error;
    this.#keep(entry);
    this.#changed(entry);
    this.#run();
  }

  discard(entry) {
    this.#drop(entry);
  }

  /** The connection is there: everything that waits goes out, from the first on. */
  start() {
    ++this.#round;
    this.#running = false;
    this.online = true;
    this.#run();
  }

  stop() {
    ++this.#round;
    this.#running = false;
    this.online = false;
  }

  /** A record came: if it is one of ours, it is stored and leaves the outbox. Returns whether it was. */
  recognise(offset, payload) {
    const entry = this.entries.find(
      (mine) =>
        mine.offset === offset ||
        (mine.offset === undefined &&
          mine.sent === payload?.sent &&
          mine.text === payload.text &&
          mine.name === payload.name),
    );
    if (entry) this.#drop(entry);
    return entry !== undefined;
  }

  async #run() {
    if (this.#running || !this.online) return;
    const round = this.#round;
    this.#running = true;
    for (;;) {
      const entry = this.entries.find(({ state }) => state === "waiting");
      if (!entry) break;
      let answer;
      try {
        answer = await this.#send({ name: entry.name, text: entry.text, sent: entry.sent }, entry.key);
      } catch {
        // No answer in time, or the connection went. Either way the entry still waits.
      }
      if (round !== this.#round) return;
      if (answer !== undefined && this.entries.includes(entry)) this.#settle(entry, answer);
    }
    this.#running = false;
  }

  #settle(entry, answer) {
    if (Number.isSafeInteger(answer?.offset)) {
      entry.state = "stored";
      entry.offset = answer.offset;
      storage.remove(this.#keyOf(entry));
    } else {
      entry.state = "failed";
      entry.error = String(answer?.error?.message ?? answer?.error?.code ?? "The server gave no reason.");
      this.#keep(entry);
    }
    this.#changed(entry);
  }

  #drop(entry) {
    this.entries = this.entries.filter((other) => other !== entry);
    storage.remove(this.#keyOf(entry));
    entry.state = "gone";
    this.#changed(entry);
  }

  #keep(entry) {
    this.kept = storage.write(this.#keyOf(entry), entry);
  }

  #keyOf(entry) {
    return `outbox:${this.#channel}:${entry.key}`;
  }
}
