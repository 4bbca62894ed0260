// Server-Sent Events by fetch: EventSource cannot send a token. Comes back by itself, at the position it has.
import { ApiError, ask } from "./api.js";
import { readRecord } from "./record.js";

export const RETRY_MS = 1_000;
export const RETRY_MS_MAX = 8_000;

export class LogStream {
  #aborting = new AbortController();
  #parameters;
  #handlers;
  #position;
  #passed = false; // the stream ended at a damaged record, and goes on behind it

  /**
   * Handlers: record(record), gap(gap), damage({at, text}), open({resumed, ...}), lost(error) (it tries again),
   * other(status of another log).
   */
  constructor(parameters, handlers) {
    this.#parameters = parameters;
    this.#handlers = handlers;
    this.#run();
  }

  close() {
    this.#aborting.abort();
  }

  async #run() {
    const { signal } = this.#aborting;
    for (let pause = RETRY_MS; !signal.aborted; pause = Math.min(2 * pause, RETRY_MS_MAX)) {
      try {
        const headers = this.#position ? { "last-event-id": this.#position } : {};
        const response = await ask("/stream", { parameters: this.#parameters, headers, signal });
        pause = RETRY_MS / 2;
        this.#passed = false;
        await this.#read(response.body.pipeThrough(new TextDecoderStream()).getReader());
        if (signal.aborted) return;
        if (this.#passed) continue;
        this.#handlers.lost(new Error("the server ended the stream"));
      } catch (error) {
        if (signal.aborted) return;
        this.#handlers.lost(error);
      }
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }

  async #read(reader) {
    let text = "";
    for (;;) {
      const { value, done } = await reader.read();
      if (done || this.#aborting.signal.aborted) return;
      const events = (text + value).split("\n\n");
      text = events.pop();
      for (const event of events) this.#take(event);
    }
  }

  #take(text) {
    const fields = {};
    for (const line of text.split("\n")) {
      const colon = line.indexOf(":");
      fields[line.slice(0, colon)] = line.slice(colon + 1).replace(/^ /, "");
    }
    if (fields.data === undefined) return;
    const data = readRecord(fields.data);
    if (fields.event === "log") {
      const another = this.#position !== undefined && !data.resumed;
      if (another) this.#handlers.other(data);
      else this.#handlers.open(data);
    } else if (fields.event === "gap") this.#handlers.gap(data);
    else if (fields.event === "unreadable") this.#unreadable(data.error);
    else this.#handlers.record(data);
    if (fields.id !== undefined) this.#position = fields.id;
  }

  #unreadable(error) {
    const { code, message, offset: at } = error;
    const had = Number(this.#position.split(".")[1]);
    if (code !== "damaged" || !(at > had)) return this.#handlers.lost(new ApiError(500, error));
    this.#handlers.damage({ at, text: message });
    this.#position = this.#position.replace(/\d+$/, at);
    this.#passed = true;
  }
}
