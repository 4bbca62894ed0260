// This browser's copy of a channel's newest records, and its tidemark: the position up to which it has them.
//
// Records and position are written together, so a browser that dies between two writes only asks for a little more than
// it needs. Tabs on the same channel overwrite each other's copy with an equally consistent one.
import { CACHE_CHARS, CHANNELS_CACHED, ENTRIES_CACHED, ENTRIES_SHOWN, SAVE_DELAY_MS } from "./limits.js";
import * as storage from "./storage.js";

const KEY = "log:";

export class LocalLog {
  #channel;
  #saveTimer;

  constructor(channel) {
    this.#channel = channel;
    const saved = storage.read(KEY + channel);
    this.epoch = saved?.epoch; // undefined: this browser has no position yet
    this.offset = saved?.offset ?? 0;
    this.seen = saved?.seen ?? 0; // the newest record that was on screen
    this.entries = saved?.entries ?? [];
    this.repeated = 0; // records that came although we had them: always 0 if the server keeps its promise
  }

  /** What CONNECT hands over as `offset`. */
  get position() {
    return this.epoch === undefined ? undefined : `${this.epoch}.${this.offset}`;
  }

  /** A position of another log makes everything here worthless. */
  belongsToAnotherLog(position) {
    return this.epoch !== undefined && position.epoch !== this.epoch;
  }

  forget() {
    this.epoch = undefined;
    this.offset = 0;
    this.seen = 0;
    this.entries = [];
    this.#saveSoon();
  }

  /** Returns whether the record is new. */
  add(entry, position) {
    if (position.epoch === this.epoch && position.offset <= this.offset) {
      ++this.repeated;
      return false;
    }
    this.epoch = position.epoch;
    this.offset = position.offset;
    this.#push(entry);
    return true;
  }

  /** A place where records are missing for good is part of what there is to show. Returns whether it is news. */
  addGap(gap) {
    const last = this.entries.at(-1)?.gap;
    if (last && last.from === gap.from && last.to === gap.to) return false;
    this.#push({ gap });
    return true;
  }

  find(offset) {
    return this.entries.findLast((entry) => entry.offset === offset);
  }

  markSeen() {
    if (this.seen === this.offset) return;
    this.seen = this.offset;
    this.#saveSoon();
  }

  changed() {
    this.#saveSoon();
  }

  save() {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    if (this.epoch === undefined) return storage.remove(KEY + this.#channel);
    const { epoch, offset, seen } = this;
    const key = KEY + this.#channel;
    const used = Date.now();
    dropOldestCaches(key);
    // Short of room: the position alone is worth more than any message, for the server still has those.
    if (!storage.write(key, { epoch, offset, seen, used, entries: newestThatFit(this.entries) })) {
      storage.remove(key);
      storage.write(key, { epoch, offset, seen, used, entries: [] });
    }
  }

  #push(entry) {
    this.entries.push(entry);
    if (this.entries.length > 2 * ENTRIES_SHOWN) this.entries.splice(0, this.entries.length - ENTRIES_SHOWN);
    this.#saveSoon();
  }

  #saveSoon() {
    this.#saveTimer ??= setTimeout(() => this.save(), SAVE_DELAY_MS);
  }
}

function newestThatFit(entries) {
  let first = entries.length;
  let chars = 0;
  while (first > 0 && entries.length - first < ENTRIES_CACHED) {
    chars += (entries[first - 1].text?.length ?? 0) + 100;
    if (chars > CACHE_CHARS) break;
    --first;
  }
  return entries.slice(first);
}

function dropOldestCaches(keyInUse) {
  const others = storage.keys(KEY).filter((key) => key !== keyInUse);
  if (others.length < CHANNELS_CACHED) return;
  const byAge = others.map((key) => ({ key, used: storage.read(key)?.used ?? 0 })).sort((a, b) => a.used - b.used);
  for (const { key } of byAge.slice(0, byAge.length - CHANNELS_CACHED + 1)) storage.remove(key);
}
