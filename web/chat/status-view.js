// How the connection is: the banner under the header, the corner with its details, and the waterline's label.
import { byId, element } from "./dom.js";
import { BACK_SHOWN_MS, CONNECTING_SHOWN_AFTER_MS } from "./limits.js";

export class StatusView {
  #state = byId("banner-state");
  #timer;

  constructor() {
    byId("notice-dismiss").addEventListener("click", () => this.notice(""));
    const banner = byId("banner");
    new ResizeObserver(() => {
      document.documentElement.style.setProperty("--banner-height", `${banner.offsetHeight}px`);
    }).observe(banner);
  }

  /** Phases: connecting, catching up, live, offline, refused. */
  phase(phase) {
    byId("status-button").dataset.phase = phase;
    byId("status-phase").textContent = phase;
    byId("detail-phase").textContent = phase;
    byId("waterline").dataset.phase = phase;
  }

  connecting() {
    this.#clear();
    this.#timer = setTimeout(() => this.#say("Connecting to the log…", "quiet"), CONNECTING_SHOWN_AFTER_MS);
  }

  offline(text) {
    this.#clear();
    this.#say(text, "offline");
  }

  back(text) {
    this.#clear();
    this.#say(text, "good");
    this.#timer = setTimeout(() => this.quiet(), BACK_SHOWN_MS);
  }

  quiet() {
    this.#clear();
    this.#say("", "");
  }

  refused(text) {
    byId("banner-refused").textContent = text;
    if (text) this.quiet();
  }

  /** Stays until dismissed: what is gone, what changed for good. */
  notice(text) {
    byId("notice-text").textContent = text;
    byId("banner-notice").hidden = text === "";
  }

  details({ transport, session, catchup, localLog, waiting, held }) {
    byId("detail-transport").textContent = transport;
    byId("detail-session").textContent = session;
    byId("detail-catchup").textContent = catchup;
    byId("detail-waiting").textContent = String(waiting);
    byId("detail-repeated").textContent = String(localLog.repeated);
    byId("detail-position").replaceChildren(...positionMark(localLog));
    const compact = localLog.epoch === undefined ? "" : `${localLog.epoch.slice(0, 4)}·${localLog.offset}`;
    byId("status-offset").textContent = compact;
    byId("waterline-label").textContent = localLog.epoch === undefined ? "" : `tidemark ${localLog.offset}`;
    byId("hold-button").textContent = held ? "Go online again" : "Stay offline";
    byId("hold-button").classList.toggle("pressed", held);
    byId("drop-button").disabled = held;
  }

  #clear() {
    clearTimeout(this.#timer);
  }

  #say(text, kind) {
    // The same words again would be announced again.
    if (this.#state.textContent !== text) this.#state.textContent = text;
    this.#state.dataset.kind = kind;
  }
}

/** A line ends between the two numbers, if anywhere. */
function positionMark({ epoch, offset }) {
  return epoch === undefined ? ["none yet"] : [`${epoch}.`, element("wbr"), String(offset)];
}
