// The records on screen, as a table: one row each, the selected one marked, the reader's place kept.
import { byId, element } from "/chat/dom.js";

const PREVIEW_CHARS = 400;
const EDGE_PX = 200;
const BOTTOM_SLACK_PX = 24;
const SENDER_COLOURS = 6;

export class Table {
  #scroller = byId("scroller");
  #body = byId("rows");
  #matches = () => true;
  #selected;
  #following = true;
  #handlers;

  /** Handlers: open(record), top(), bottom(). */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#body.addEventListener("click", (event) => this.#open(event.target.closest("tr")));
    this.#body.addEventListener("keydown", (event) => this.#key(event));
    // A record beside it or the list below takes room from the table, not the newest record from view.
    new ResizeObserver(() => this.#following && this.toEnd()).observe(this.#scroller);
  }

  set filter(matches) {
    this.#matches = matches;
  }

  /** Records, without the lines that say where some are gone or damaged. */
  get shown() {
    return this.#body.querySelectorAll("tr:not(.gap)").length;
  }
  get empty() {
    return this.#body.childElementCount === 0;
  }

  replace(records) {
    this.#body.replaceChildren(...this.#rows(records));
    this.#mark();
    this.toEnd();
  }

  append(records) {
    this.#body.append(...this.#rows(records));
    if (this.#following) this.toEnd();
  }

  prepend(records) {
    const anchor = this.#body.firstElementChild;
    const before = anchor?.getBoundingClientRect().top;
    this.#body.prepend(...this.#rows(records));
    if (anchor) this.#scroller.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  /** Rows of records that are not held any more. */
  prune(first, last) {
    const before = this.#scroller.scrollHeight;
    for (let row = this.#body.firstElementChild; row && Number(row.dataset.offset) < first; row = this.#body.firstElementChild) {
      row.remove();
    }
    if (!this.#following) this.#scroller.scrollTop -= before - this.#scroller.scrollHeight;
    for (let row = this.#body.lastElementChild; row && Number(row.dataset.offset) > last; row = this.#body.lastElementChild) {
      row.remove();
    }
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#following = true;
  }

  /** Marks the record's row and moves to it; whether it is on screen. */
  reveal(offset, focus = false) {
    this.#selected = offset;
    this.#mark();
    const row = this.#row(offset);
    if (!row) return false;
    row.scrollIntoView({ block: "center" });
    if (focus) row.querySelector("button")?.focus({ preventScroll: true });
    return true;
  }

  focusFirst() {
    (this.#row(this.#selected) ?? this.#body.lastElementChild)?.querySelector("button")?.focus();
  }

  #rows(records) {
    return records.filter((record) => record.gap || record.damage || this.#matches(record)).map((record) => this.#draw(record));
  }

  #draw(record) {
    if (record.gap) {
      const { from, to, reason } = record.gap;
      const text = `Records between offset ${from} and ${to} are gone (${reason}).`;
      return element("tr", { class: "gap", "data-offset": to }, element("td", { colspan: 6 }, text));
    }
    if (record.damage) {
      const { at, text } = record.damage;
      return element("tr", { class: "gap", "data-offset": at }, element("td", { colspan: 6 }, `Offset ${at} cannot be read: ${text}.`));
    }
    const row = element("tr", { "data-offset": record.offset });
    row.record = record;
    if (record.offset === this.#selected) row.setAttribute("aria-current", "true");
    row.append(
      element("th", { scope: "row" }, element("button", { type: "button", tabindex: -1 }, String(record.offset))),
      element("td", { class: "time" }, element("time", { datetime: record.time, title: record.time }, timeText(record.time))),
      element("td", { class: "channel" }, record.channel),
      element("td", { class: "event" }, record.event),
      element("td", { class: `sender colour-${colourOf(record.sender)}` }, element("bdi", {}, record.sender)),
      element("td", { class: "payload", dir: "auto" }, preview(record)),
    );
    return row;
  }

  #row(offset) {
    return offset === undefined ? null : this.#body.querySelector(`tr[data-offset="${offset}"]`);
  }

  #mark() {
    this.#body.querySelector("tr[aria-current]")?.removeAttribute("aria-current");
    this.#row(this.#selected)?.setAttribute("aria-current", "true");
  }

  #open(row) {
    if (!row?.record) return;
    this.#selected = row.record.offset;
    this.#mark();
    row.querySelector("button").focus({ preventScroll: true });
    this.#handlers.open(row.record);
    row.scrollIntoView({ block: "nearest" });
  }

  #key(event) {
    const row = event.target.closest("tr");
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / (row?.offsetHeight || 24)) - 1);
    const to = {
      ArrowDown: () => step(row, "nextElementSibling", 1),
      ArrowUp: () => step(row, "previousElementSibling", 1),
      PageDown: () => step(row, "nextElementSibling", page),
      PageUp: () => step(row, "previousElementSibling", page),
      Home: () => this.#body.firstElementChild,
      End: () => this.#body.lastElementChild,
    }[event.key]?.();
    if (!to) return;
    event.preventDefault();
    to.querySelector("button")?.focus();
    to.scrollIntoView({ block: "nearest" });
    this.#open(to);
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const below = scrollHeight - scrollTop - clientHeight;
    this.#following = below < BOTTOM_SLACK_PX;
    if (scrollTop < EDGE_PX) this.#handlers.top();
    if (below < EDGE_PX) this.#handlers.bottom();
  }
}

function step(row, direction, times) {
  for (let i = 0; i < times && row?.[direction]; i++) row = row[direction];
  return row;
}

function preview({ payload, attachments }) {
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  const cut = text.length > PREVIEW_CHARS ? `${text.slice(0, PREVIEW_CHARS)}…` : text;
  return attachments ? `${cut} (+ ${attachments.length} binary)` : cut;
}

const today = new Date().toDateString();
function timeText(time) {
  const date = new Date(time);
  const clock = `${date.toLocaleTimeString("en-GB")}.${String(date.getMilliseconds()).padStart(3, "0")}`;
  return date.toDateString() === today ? clock : `${date.toLocaleDateString("sv")} ${clock}`;
}

function colourOf(name) {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
  return hash % SENDER_COLOURS;
}
