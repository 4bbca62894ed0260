// Why nothing is acknowledged: asked of the server once a message has waited too long for its answer, and again until
// it is stored. Silence alone says nothing: the network may be slow, or the server's disk full.
import { READINESS_INTERVAL_MS } from "./limits.js";

export class Readiness {
  #changed;
  #timer;
  #why = ""; // what the server said last; empty while it stores

  /** `changed(why)` is called when the answer changes; an empty one means that the server stores again. */
  constructor(changed) {
    this.#changed = changed;
  }

  /** Whether a message waits for its answer on a connection that stands. */
  watch(waiting) {
    if (waiting) {
      this.#timer ??= setTimeout(() => this.#ask(), READINESS_INTERVAL_MS);
    } else {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#say("");
    }
  }

  async #ask() {
    const timer = this.#timer;
    let why = this.#why;
    try {
      const answer = await fetch("/readyz", { cache: "no-store" });
      why = answer.ok ? "" : (await answer.text()).trim();
    } catch {
      // The connection will notice by itself.
    }
    if (timer !== this.#timer) return; // meanwhile nothing waits any more
    this.#timer = setTimeout(() => this.#ask(), READINESS_INTERVAL_MS);
    this.#say(why);
  }

  #say(why) {
    if (why === this.#why) return;
    this.#why = why;
    this.#changed(why);
  }
}
