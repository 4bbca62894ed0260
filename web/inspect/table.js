// The records on screen, as a table: one row each, the selected one marked, the reader's place kept: what comes moves the
// table only for who is at its end, and is counted for everybody else.
import { byId, element } from "/chat/dom.js";
import { marked } from "/shared/marked.js";
import { previewText } from "./record.js";

const EDGE_PX = 200;
const BOTTOM_SLACK_PX = 24;
const SENDER_COLOURS = 6;

export class Table {
  #scroller = byId("scroller");
  #body = byId("rows");
  #fresh = byId("fresh");
  #matches = () => true;
  #selected;
  #following = true;
  #below = 0; // records that came since the reader left the end
  #handlers;

  /** Handlers: open(record), top(), bottom(). */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#body.addEventListener("click", (event) => this.#open(event.target.closest("tr")));
    this.#scroller.addEventListener("keydown", (event) => this.#key(event));
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
  /** There are more than have room on screen: only then can one scroll for others. */
  get scrolls() {
    return this.#scroller.scrollHeight > this.#scroller.clientHeight;
  }
  /** The reader is where new records come. */
  get following() {
    return this.#following;
  }

  replace(records) {
    this.#body.replaceChildren(...this.#rows(records));
    this.#mark();
    this.toEnd();
  }

  append(records) {
    const rows = this.#rows(records);
    this.#body.append(...rows);
    if (this.#following) return this.toEnd();
    this.#below += rows.length;
    this.#tellBelow();
  }

  prepend(records) {
    const anchor = this.#body.firstElementChild;
    const before = anchor?.getBoundingClientRect().top;
    this.#body.prepend(...this.#rows(records));
    if (anchor) this.#scroller.scrollTop += anchor.getBoundingClientRect().top - before;
  }

  /** Rows of records that are not held any more. */
  prune(first, last) {
    this.#removeFirstWhile((row) => Number(row.dataset.offset) < first);
    for (let row = this.#body.lastElementChild; row && Number(row.dataset.offset) > last; row = this.#body.lastElementChild) {
      row.remove();
    }
  }

  /** Keeps the newest `most` rows. */
  cut(most) {
    this.#removeFirstWhile(() => this.#body.childElementCount > most);
  }

  #removeFirstWhile(unwanted) {
    const before = this.#scroller.scrollHeight;
    for (let row = this.#body.firstElementChild; row && unwanted(row); row = this.#body.firstElementChild) row.remove();
    if (!this.#following) this.#scroller.scrollTop -= before - this.#scroller.scrollHeight;
  }

  toEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#following = true;
    this.#below = 0;
    this.#tellBelow();
  }

  toBegin() {
    this.#scroller.scrollTop = 0;
    this.#scrolled();
  }

  #tellBelow() {
    this.#fresh.hidden = this.#below === 0;
    this.#fresh.textContent = this.#below === 0 ? "" : `${this.#below.toLocaleString("en")} new`;
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

  /** No record is looked at. */
  forgetSelected() {
    this.#selected = undefined;
    this.#mark();
  }

  /** The selected row, else the newest one on screen. */
  focusFirst() {
    (this.#row(this.#selected) ?? this.#lastOnScreen())?.querySelector("button")?.focus({ preventScroll: true });
  }

  #lastOnScreen() {
    const { bottom } = this.#scroller.getBoundingClientRect();
    let row = this.#body.lastElementChild;
    while (row && (!row.record || row.getBoundingClientRect().bottom > bottom)) row = row.previousElementSibling;
    return row ?? this.#body.querySelector("tr:not(.gap)");
  }

  #rows(records) {
    return records.map((record) => this.#rowOf(record)).filter(Boolean);
  }

  /** Nothing where it does not match. Whatever is wrong with one record is said in its place, and the others are shown. */
  #rowOf(record) {
    try {
      const wanted = record.gap || record.damage || record.passed || this.#matches(record);
      return wanted ? this.#draw(record) : undefined;
    } catch (error) {
      return lineRow(record.offset, `Record ${record.offset} cannot be shown: ${error.message}.`);
    }
  }

  #draw(record) {
    if (record.gap) {
      const { from, to, reason } = record.gap;
      return lineRow(to, `Records between offset ${from} and ${to} are gone (${reason}).`);
    }
    if (record.damage) {
      const { at, text } = record.damage;
      return lineRow(at, `Offset ${at} cannot be read: ${text}.`);
    }
    if (record.passed) {
      const { from, to } = record.passed;
      return lineRow(to, `Records from offset ${from} to ${to} came too fast to be shown here.`);
    }
    const row = element("tr", { "data-offset": record.offset });
    row.record = record;
    if (record.offset === this.#selected) row.setAttribute("aria-current", "true");
    row.append(
      element("th", { scope: "row" }, element("button", { type: "button", tabindex: -1 }, String(record.offset))),
      element("td", { class: "time" }, element("time", { datetime: record.time, title: record.time }, timeText(record.time))),
      element("td", { class: "channel" }, element("bdi", {}, ...marked(record.channel))),
      element("td", { class: "event" }, element("bdi", {}, ...marked(record.event))),
      element("td", { class: `sender colour-${colourOf(record.sender)}` }, element("bdi", {}, ...marked(record.sender))),
      element("td", { class: "payload", dir: "auto" }, ...marked(previewText(record))),
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
    if (event.target !== this.#scroller && !this.#body.contains(event.target)) return;
    const row = event.target.closest("tr") ?? this.#row(this.#selected) ?? this.#lastOnScreen();
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / (row?.offsetHeight || 24)) - 1);
    const to = {
      ArrowDown: () => step(row, "nextElementSibling", 1),
      ArrowUp: () => step(row, "previousElementSibling", 1),
      PageDown: () => step(row, "nextElementSibling", page),
      PageUp: () => step(row, "previousElementSibling", page),
      Home: () => this.#body.querySelector("tr:not(.gap)"),
      End: () => [...this.#body.querySelectorAll("tr:not(.gap)")].at(-1),
    }[event.key]?.();
    if (!to) return;
    event.preventDefault();
    this.#open(to);
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    const below = scrollHeight - scrollTop - clientHeight;
    this.#following = below < BOTTOM_SLACK_PX;
    if (this.#following) this.#below = 0;
    this.#tellBelow();
    if (scrollTop < EDGE_PX) this.#handlers.top();
    if (below < EDGE_PX) this.#handlers.bottom();
  }
}

/** So many records on: the lines between them that say what is gone are no places to be at. */
function step(row, direction, times) {
  for (let next = row?.[direction]; next && times > 0; next = next[direction]) {
    if (!next.record) continue;
    row = next;
    --times;
  }
  return row;
}

/** A line between records, which says something of the log at this offset. */
const lineRow = (offset, text) => element("tr", { class: "gap", "data-offset": offset }, element("td", { colspan: 6 }, text));

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
