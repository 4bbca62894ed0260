// Looks through the log backwards for records that match, further back than the page holds, and says how far it has come.
// However long the log: the answer is taken in small pieces with room for the browser between them, and reading stops
// where the person says so.
import { readLogAsItComes } from "./api.js";

const LINES_AT_ONCE = 100_000; // asked for with one request
const FOUND_AT_ONCE = 100;
const FOUND_CHARS_AT_ONCE = 16 * 1024 * 1024; // their lines together
const WORK_MS = 12; // then the browser draws and listens

const offsetOf = (line) => Number(/^\{"offset":(\d+)/.exec(line)?.[1]);

export class Search {
  #aborting;
  #before; // everything from here on has been looked at
  #log = {}; // {first, head} as the last answer told them

  /** Where it stands: everything from this offset on has been looked at; undefined: nothing. */
  get reached() {
    return this.#before;
  }
  /** That, as a share of the log; NaN: nobody knows. */
  get share() {
    const { first, head } = this.#log;
    return Math.min(1, (head - this.#before + 1) / (head - first + 1));
  }
  /** The log's first offset. */
  get logFirst() {
    return this.#log.first;
  }
  get running() {
    return this.#aborting !== undefined;
  }

  stop() {
    this.#aborting?.abort();
  }

  forget() {
    this.stop();
    this.#before = undefined;
  }

  /**
   * Goes on from where it stands, or from `before`. `found` gets records and {damage}, oldest first, as they are met;
   * `progress` is called now and then. Gives "begin" (of the log), "enough", "stopped"; throws what the server answers.
   */
  async run({ channel, before, filter, found, progress }) {
    this.stop();
    const aborting = (this.#aborting = new AbortController());
    this.#before ??= before;
    try {
      return await this.#read(channel, filter, found, progress, aborting.signal);
    } catch (error) {
      if (aborting.signal.aborted) return "stopped";
      throw error;
    } finally {
      if (this.#aborting === aborting) this.#aborting = undefined;
      aborting.abort(); // what is still on its way is not wanted
    }
  }

  async #read(channel, filter, found, progress, signal) {
    let left = FOUND_AT_ONCE;
    let charsLeft = FOUND_CHARS_AT_ONCE;
    let drawn = performance.now();
    for (;;) {
      let lines = 0;
      let damaged = false;
      const answer = readLogAsItComes({ channel, before: this.#before, order: "desc", limit: LINES_AT_ONCE }, signal);
      for await (const piece of answer) {
        if (piece.first) this.#log = { first: piece.first, head: piece.head };
        const matches = [];
        for (const line of piece.lines) {
          const record = filter.recordIn(line);
          if (record) matches.unshift(record);
          this.#before = offsetOf(line);
          ++lines;
          if (!record) continue;
          charsLeft -= line.length;
          if (--left === 0 || charsLeft <= 0) break;
        }
        const enough = left === 0 || charsLeft <= 0;
        if (piece.damage && !enough) {
          damaged = true;
          matches.unshift({ damage: piece.damage });
          this.#before = piece.damage.at;
        }
        if (matches.length > 0) found(matches);
        if (enough) return "enough";
        if (performance.now() - drawn < WORK_MS) continue;
        progress();
        await new Promise((resolve) => setTimeout(resolve));
        if (signal.aborted) return "stopped";
        drawn = performance.now();
      }
      if (lines < LINES_AT_ONCE && !damaged) {
        this.#before = this.#log.first;
        return "begin";
      }
    }
  }
}
