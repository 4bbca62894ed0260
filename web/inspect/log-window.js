// A stretch of the log, of one channel or all, that the page holds: it grows at its end by the stream or by reading on, at
// its beginning by reading back, and lets go of the other end. Example: 500 records around offset 9,000; reading back adds
// 8,700 to 8,799, and the newest ones are dropped and read again when the person scrolls down.
import { readLog } from "./api.js";
import { charsOf } from "./record.js";
import { LogStream, RETRY_MS, RETRY_MS_MAX } from "./stream.js";

export const RECORDS_HELD = 1_000;
export const CHARS_HELD = 64 * 1024 * 1024; // and their lines together: a record may be as long as the server takes it
const RECORDS_BELOW = 1_000; // that may come while the reader is further up
const CHARS_BELOW = CHARS_HELD / 2;
const RECORDS_AT_ONCE = 200;
const CHARS_AT_ONCE = CHARS_HELD / 4;
const RECORDS_BEFORE_JUMP = 50;
const DAMAGE_AT_ONCE = 20; // places passed over by one read
const FRAME_MS = 50;

/** Where a line of the window stands; a gap stands between others. */
const placeOf = (line) => line?.offset ?? line?.damage?.at;

/** The server is not there, or has too much to do. */
const mayPass = ({ status }) => status === undefined || status === 503;

const charsOfAll = (records) => records.reduce((sum, record) => sum + charsOf(record), 0);

/** How many of the first fit; of the last if they are asked for. */
function howManyFit(records, recordsMost, charsMost, last = false) {
  let n = 0;
  for (let chars = 0; n < Math.min(records.length, recordsMost); ++n) {
    chars += charsOf(last ? records[records.length - 1 - n] : records[n]);
    if (chars > charsMost) break;
  }
  return n;
}

export class LogWindow {
  records = []; // and {gap}, {damage: {at, text}} in their places
  live = false; // the end is followed
  known = false; // what the log has at this place was answered
  #channel = "";
  #heldOf = ""; // the channel that the records are of
  #epoch; // of the log that they are of; undefined: no answer has said it
  #handlers;
  #stream;
  #reading;
  #begins = false; // there is nothing before the first
  #fresh = []; // came by the stream, not drawn yet
  #freshChars = 0;
  #passed = false; // what came before the first of these was dropped
  #frame;

  /**
   * Handlers: replaced(), appended(records, passed), prepended(records), state(text, error), failed(error), anotherLog(): the
   * server keeps another one, which is shown now, atEnd(): whether the reader is where new records come. `passed`, {from, to}: these offsets are between what was shown and the records.
   */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  get channel() {
    return this.#channel;
  }
  get first() {
    return this.records.map(placeOf).find(Boolean);
  }
  get last() {
    return this.records.map(placeOf).findLast(Boolean);
  }

  /** More can be read without letting go of any. */
  get hasRoom() {
    return this.records.length + RECORDS_AT_ONCE <= RECORDS_HELD && charsOfAll(this.records) + CHARS_AT_ONCE <= CHARS_HELD;
  }

  /** The newest records, and then live. */
  async follow(channel = this.#channel) {
    await this.#replace(channel, async (signal) => {
      const { records, epoch, head, whole } = await this.#collect({ order: "desc", limit: RECORDS_AT_ONCE }, signal);
      // Where the newest record is damaged nothing comes after it.
      return { records: records.reverse(), epoch, from: head ?? placeOf(records.at(-1)), begins: whole };
    });
  }

  /**
   * The records around an offset, or from a moment (RFC 3339) on. Gives {target: the offset of the first at or after it, newest:
   * of the last before it, first, head: of the log}, each undefined if there is none; null if it could not be read, which
   * failed() was told.
   */
  async jump({ offset, since, channel = this.#channel }) {
    let found;
    const done = await this.#replace(channel, async (signal) => {
      const from = since === undefined ? { after: Math.max(0, offset - 1) } : { since };
      const after = await this.#collect({ ...from, limit: RECORDS_AT_ONCE }, signal);
      const edge = placeOf(after.records[0]) ?? offset ?? after.head + 1;
      const before = await this.#collect({ before: edge, order: "desc", limit: RECORDS_BEFORE_JUMP }, signal);
      const { epoch, first, head } = after.head === undefined ? before : after;
      found = { target: placeOf(after.records[0]), newest: placeOf(before.records[0]), first, head };
      return {
        records: [...before.records.reverse(), ...after.records],
        epoch,
        from: after.whole ? Math.max(after.head, edge - 1) : undefined,
        begins: before.whole,
      };
    });
    return done ? found : null;
  }

  /** True: there was something. Null: it could not be read, which failed() was told, or was not wanted any more. */
  async older() {
    const before = this.first;
    if (this.#begins || this.#reading || before === undefined) return false;
    return this.#read(async (signal) => {
      const { records, epoch, whole } = await this.#collect({ before, order: "desc", limit: RECORDS_AT_ONCE }, signal);
      if (this.#isAnother(epoch)) return this.follow(); // its offsets are other records'
      this.#begins = whole;
      records.reverse();
      this.records.unshift(...records);
      const held = Math.max(1, howManyFit(this.records, RECORDS_HELD, CHARS_HELD));
      if (held < this.records.length) {
        this.records.length = held;
        this.#leaveEnd();
      }
      this.#handlers.prepended(records);
      return records.length > 0;
    });
  }

  async newer() {
    if (this.live || this.#reading) return false;
    return this.#read(async (signal) => {
      const after = this.last ?? 0;
      const { records, epoch, head, whole } = await this.#collect({ after, limit: RECORDS_AT_ONCE }, signal);
      if (this.#isAnother(epoch)) return this.follow(); // its offsets are other records'
      this.#append(records);
      if (whole) this.#goLive(Math.max(head, after));
      return records.length > 0;
    });
  }

  /**
   * Reads on behind what is damaged, but no more than CHARS_AT_ONCE. `whole`: there is nothing beyond, in the direction asked for.
   */
  async #collect({ order = "asc", limit, ...range }, signal) {
    const records = [];
    let log = {};
    for (let places = 0, left = limit; ; ) {
      const charsMost = CHARS_AT_ONCE - charsOfAll(records);
      const page = await readLog({ channel: this.#channel, order, limit: left, ...range }, { charsMost, signal });
      if (order === "asc" || places === 0) log = { epoch: page.epoch, first: page.first, head: page.head };
      records.push(...page.records);
      left -= page.records.length;
      if (!page.damage) return { records, ...log, whole: left > 0 && !page.cut };
      records.push({ damage: page.damage });
      range = order === "asc" ? { after: page.damage.at } : { ...range, before: page.damage.at };
      if (left === 0 || ++places === DAMAGE_AT_ONCE) return { records, ...log, whole: false };
    }
  }

  async #replace(channel, read) {
    this.#channel = channel;
    this.#leaveEnd();
    this.#reading?.abort();
    this.#reading = undefined;
    return this.#read(async (signal) => {
      const { records, epoch, from, begins } = await read(signal).catch((error) => {
        if (channel !== this.#heldOf && !signal.aborted) this.#showNothing(error);
        throw error;
      });
      this.#heldOf = channel;
      const another = this.#isAnother(epoch);
      this.#epoch = epoch;
      this.known = true;
      this.records = records;
      this.#begins = begins;
      this.#handlers.replaced();
      if (from === undefined) this.#handlers.state("paused");
      else this.#goLive(from);
      if (another) this.#handlers.anotherLog();
      return true;
    }, mayPass);
  }

  #isAnother(epoch) {
    return this.#epoch !== undefined && epoch !== undefined && epoch !== this.#epoch;
  }

  /** What is there is of another channel than the page says. */
  #showNothing(error) {
    this.records = [];
    this.known = !mayPass(error);
    this.#heldOf = this.#channel;
    this.#begins = true;
    this.#handlers.state("paused");
    this.#handlers.replaced();
  }

  /** `again`: whether it is tried again after such an error. */
  async #read(work, again = () => false) {
    const aborting = new AbortController();
    const { signal } = aborting;
    this.#reading = aborting;
    try {
      for (let pause = RETRY_MS; ; pause = Math.min(2 * pause, RETRY_MS_MAX)) {
        try {
          return await work(signal);
        } catch (error) {
          if (signal.aborted) return null;
          if (!again(error)) {
            this.#handlers.failed(error);
            return null;
          }
          this.#handlers.state("reconnecting", error);
        }
        await new Promise((resolve) => setTimeout(resolve, pause));
        if (signal.aborted) return null;
      }
    } finally {
      if (this.#reading === aborting) this.#reading = undefined;
    }
  }

  #goLive(after) {
    this.live = true;
    this.#handlers.state("live");
    this.#stream = new LogStream(
      { channel: this.#channel, after },
      {
        open: ({ epoch }) => (this.#isAnother(epoch) ? this.follow() : this.#handlers.state("live")),
        lost: (error) => this.#handlers.state("reconnecting", error),
        other: () => this.follow(),
        gap: (gap) => this.#later({ gap }),
        damage: (damage) => this.#later({ damage }),
        record: (record) => this.#later(record),
      },
    );
  }

  #leaveEnd() {
    this.#stream?.close();
    this.#stream = undefined;
    this.#fresh = [];
    this.#freshChars = 0;
    this.#passed = false;
    if (this.live) this.#handlers.state("paused");
    this.live = false;
  }

  /** Drawn once per frame, however many come. The timer of a page that nobody sees may be a minute late. */
  #later(record) {
    if (!this.live) return; // the end was left in the middle of what the stream brought
    this.#fresh.push(record);
    this.#freshChars += charsOf(record);
    if (this.#fresh.length > 2 * RECORDS_HELD || this.#freshChars > CHARS_HELD) {
      if (!this.#handlers.atEnd()) return this.#takeFresh();
      this.#fresh = this.#fresh.slice(-Math.max(1, howManyFit(this.#fresh, RECORDS_HELD, CHARS_HELD / 2, true)));
      this.#freshChars = charsOfAll(this.#fresh);
      this.#passed = true;
    }
    this.#frame ??= setTimeout(() => this.#takeFresh(), FRAME_MS);
  }

  #takeFresh() {
    clearTimeout(this.#frame);
    this.#frame = undefined;
    const fresh = this.#fresh;
    const passed = this.#passed;
    this.#fresh = [];
    this.#freshChars = 0;
    this.#passed = false;
    if (!this.live || fresh.length === 0) return;
    if (this.#handlers.atEnd()) this.#append(fresh, passed);
    else if (passed) this.#leaveEnd();
    else this.#appendBelow(fresh);
  }

  /** What somebody reads stays: the end is left where too much comes below it. */
  #appendBelow(records) {
    const recordsMost = Math.max(0, RECORDS_HELD + RECORDS_BELOW - this.records.length);
    const taken = records.slice(0, howManyFit(records, recordsMost, CHARS_HELD + CHARS_BELOW - charsOfAll(this.records)));
    if (taken.length < records.length) this.#leaveEnd();
    this.records.push(...taken);
    this.#handlers.appended(taken);
  }

  /** Of more than are held the newest. `hole`: some before them were dropped already; then none of those that were shown is held. */
  #append(records, hole = false) {
    if (records.length === 0) return;
    const last = this.last;
    const taken = records.slice(-Math.max(1, howManyFit(records, RECORDS_HELD, CHARS_HELD, true)));
    hole ||= taken.length < records.length;
    if (hole) {
      this.records = [];
      this.#begins = false;
    }
    this.records.push(...taken);
    const dropped = this.records.length - Math.max(1, howManyFit(this.records, RECORDS_HELD, CHARS_HELD, true));
    if (dropped > 0) {
      this.records.splice(0, dropped);
      this.#begins = false;
    }
    const first = taken.map(placeOf).find(Boolean);
    const passed = hole ? { from: (last ?? 0) + 1, to: first - 1 } : undefined;
    this.#handlers.appended(taken, passed);
  }
}
