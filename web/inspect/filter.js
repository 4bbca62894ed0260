// Which records have a text that is looked for, in any of their fields and whatever its case.
import { foldedTexts, readRecord } from "./record.js";

export class Filter {
  #wanted;

  constructor(text) {
    this.#wanted = text.trim().toLowerCase();
  }

  get active() {
    return this.#wanted !== "";
  }

  has(record) {
    return !this.active || foldedTexts(record).some((text) => text.includes(this.#wanted));
  }

  /** The record of a line, if it is one of them. Most lines are told by their text alone, at a tenth of the cost. */
  recordIn(line) {
    if (!line.includes("\\") && !line.toLowerCase().includes(this.#wanted)) return undefined;
    const record = readRecord(line);
    return this.has(record) ? record : undefined;
  }
}
