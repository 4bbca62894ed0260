// Which records have a text that is looked for, in any of their fields and whatever its case. A payload is looked through as
// it is stored and as it is read, so that both é and \u00e9 find "\u00e9".
import { payloadText, readRecord } from "./api.js";

export class Filter {
  #wanted;

  constructor(text) {
    this.#wanted = text.trim().toLowerCase();
  }

  get active() {
    return this.#wanted !== "";
  }

  has(record) {
    if (!this.active) return true;
    const payload = payloadText(record);
    const texts = [record.channel, record.event, record.sender, record.key ?? "", payload];
    if (payload.includes("\\")) texts.push(JSON.stringify(record.payload));
    return texts.some((text) => text.toLowerCase().includes(this.#wanted));
  }

  /** The record of a line, if it is one of them. Most lines are told by their text alone, at a tenth of the cost. */
  recordIn(line) {
    if (!line.includes("\\") && !line.toLowerCase().includes(this.#wanted)) return undefined;
    const record = readRecord(line);
    return this.has(record) ? record : undefined;
  }
}
