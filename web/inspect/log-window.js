// A stretch of the log, of one channel or all, that the page holds: it grows at its end by the stream or by reading on, at
// its beginning by reading back, and lets go of the other end. Example: 500 records around offset 9,000; reading back adds
// 8,700 to 8,799, and the newest ones are dropped and read again when the person scrolls down.
import { readLog } from "./api.js";
import { LogStream } from "./stream.js";

export const RECORDS_HELD = 1_000;
const RECORDS_AT_ONCE = 200;
const RECORDS_BEFORE_JUMP = 50;

export class LogWindow {
  records = []; // and {gap}
  live = false; // the end is followed
  #channel = "";
  #handlers;
  #stream;
  #reading;
  #begins = false; // there is nothing before the first
  #fresh = [];
  #frame;

  /** Handlers: replaced(), appended(records), prepended(records), state(text, error), failed(error). */
  constructor(handlers) {
    this.#handlers = handlers;
  }

  get first() {
    return this.records.find((record) => record.offset)?.offset;
  }
  get last() {
    return this.records.findLast((record) => record.offset)?.offset;
  }

  /** The newest records, and then live. */
  async follow(channel = this.#channel) {
    this.#channel = channel;
    await this.#replace(async (signal) => {
      const { records, head } = await readLog({ channel, order: "desc", limit: RECORDS_AT_ONCE }, signal);
      return { records: records.reverse(), from: head, begins: records.length < RECORDS_AT_ONCE };
    });
  }

  /** The records around an offset, or from a moment (RFC 3339) on. Gives the offset of the first at or after it. */
  async jump({ offset, since }) {
    let target;
    await this.#replace(async (signal) => {
      const channel = this.#channel;
      const from = since === undefined ? { after: Math.max(0, offset - 1) } : { since };
      const after = await readLog({ channel, ...from, limit: RECORDS_AT_ONCE }, signal);
      const edge = after.records[0]?.offset ?? offset ?? after.head + 1;
      const before = await readLog({ channel, before: edge, order: "desc", limit: RECORDS_BEFORE_JUMP }, signal);
      target = after.records[0]?.offset ?? before.records[0]?.offset;
      const ends = after.records.length < RECORDS_AT_ONCE && !after.damaged;
      return {
        records: [...before.records.reverse(), ...after.records],
        from: ends ? Math.max(after.head, edge - 1) : undefined,
        begins: before.records.length < RECORDS_BEFORE_JUMP,
      };
    });
    return target;
  }

  async older() {
    const before = this.first;
    if (this.#begins || this.#reading || before === undefined) return false;
    return this.#read(async (signal) => {
      const { records } = await readLog({ channel: this.#channel, before, order: "desc", limit: RECORDS_AT_ONCE }, signal);
      this.#begins = records.length < RECORDS_AT_ONCE;
      records.reverse();
      this.records.unshift(...records);
      const dropped = Math.max(0, this.records.length - RECORDS_HELD);
      if (dropped > 0) {
        this.records.length = RECORDS_HELD;
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
      const { records, head, damaged } = await readLog({ channel: this.#channel, after, limit: RECORDS_AT_ONCE }, signal);
      this.#append(records);
      if (records.length < RECORDS_AT_ONCE && !damaged) this.#goLive(Math.max(head, after));
      return records.length > 0;
    });
  }

  async #replace(read) {
    this.#leaveEnd();
    this.#reading?.abort();
    this.#reading = undefined;
    await this.#read(async (signal) => {
      const { records, from, begins } = await read(signal);
      this.records = records;
      this.#begins = begins;
      this.#handlers.replaced();
      if (from !== undefined) this.#goLive(from);
    });
  }

  async #read(work) {
    const aborting = new AbortController();
    this.#reading = aborting;
    try {
      return await work(aborting.signal);
    } catch (error) {
      if (!aborting.signal.aborted) this.#handlers.failed(error);
      return false;
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
        open: () => this.#handlers.state("live"),
        lost: (error) => this.#handlers.state("reconnecting", error),
        other: () => this.follow(),
        gap: (gap) => this.#later({ gap }),
        record: (record) => this.#later(record),
      },
    );
  }

  #leaveEnd() {
    this.#stream?.close();
    this.#stream = undefined;
    this.#fresh = [];
    if (this.live) this.#handlers.state("paused");
    this.live = false;
  }

  /** Drawn once per frame, however many come. */
  #later(record) {
    this.#fresh.push(record);
    if (this.#fresh.length > 2 * RECORDS_HELD) this.#fresh.splice(0, RECORDS_HELD);
    this.#frame ??= setTimeout(() => {
      this.#frame = undefined;
      const fresh = this.#fresh;
      this.#fresh = [];
      if (this.live) this.#append(fresh);
    }, 50);
  }

  #append(records) {
    if (records.length === 0) return;
    this.records.push(...records);
    const dropped = Math.max(0, this.records.length - RECORDS_HELD);
    if (dropped > 0) {
      this.records.splice(0, dropped);
      this.#begins = false;
    }
    this.#handlers.appended(records);
  }
}
