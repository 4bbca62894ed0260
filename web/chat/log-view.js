// The messages on screen: a bounded document, records above the waterline and what is on its way below it.
//
// Only records that arrive live are announced to screen readers; history and catch-up are drawn while the log is marked
// busy and silent. Additions are drawn together once per turn of the event loop, so that a long catch-up costs one
// layout per batch and, beyond the bound, nothing at all.
import { marked } from "/shared/marked.js";
import { byId, element, hiddenText, icon } from "./dom.js";
import { ANNOUNCED_AFTER_MS, ENTRIES_READ_BACK, ENTRIES_SHOWN } from "./limits.js";
import * as wording from "./wording.js";

const BOTTOM_SLACK_PX = 48;
const SENDER_COLOURS = 6;

export class LogView {
  #scroller = byId("scroller");
  #log = byId("log");
  #pending = byId("pending");
  #empty = byId("empty");
  #pill = byId("pill");
  #pillText = byId("pill-text");
  #busy = true;
  #announceTimer;
  #queue = [];
  #flushTimer;
  #atBottom = true;
  #below = 0; // messages that came while the reader was further up
  #lastDay;
  #lastSender;
  #unreadAfter; // the unread line goes before the first message beyond this offset
  #unreadLine;
  #channel;
  #offsetDigits = 0; // of the longest one that was drawn: the gauge has room for it
  #handlers;

  /**
   * Handlers: retry(entry), discard(entry), seen(), dropped() (the oldest messages left the document), fill(hole) (what is
   * missing there is wanted).
   */
  constructor(handlers) {
    this.#handlers = handlers;
    this.#scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#pill.addEventListener("click", () => this.scrollToEnd());
    // A virtual keyboard or a growing composer takes height from the log, not the newest message from view.
    new ResizeObserver(() => this.#keepAtEnd()).observe(this.#scroller);
  }

  get following() {
    return this.#atBottom;
  }

  /** The offset of the oldest message in the document; undefined if there is none. */
  get oldest() {
    this.flush();
    const message = this.#log.querySelector(".message");
    return message ? offsetOf(message) : undefined;
  }

  /** How much the document holds. */
  get size() {
    return this.#log.childElementCount;
  }

  clear(channel) {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    this.#queue = [];
    this.#log.replaceChildren();
    this.#pending.replaceChildren();
    this.#channel = channel;
    this.#lastDay = undefined;
    this.#lastSender = undefined;
    this.#unreadAfter = undefined;
    this.#unreadLine = undefined;
    this.#below = 0;
    this.#atBottom = true;
    this.#updatePill();
  }

  /** Loading or catching up: drawn, not announced. */
  set busy(busy) {
    if (!busy) this.flush();
    this.#busy = busy;
    this.#log.setAttribute("aria-busy", String(busy));
    // What was just drawn reaches screen readers a little later; it must still find the log silent.
    clearTimeout(this.#announceTimer);
    if (busy) this.#log.setAttribute("aria-live", "off");
    else this.#announceTimer = setTimeout(() => this.#log.setAttribute("aria-live", "polite"), ANNOUNCED_AFTER_MS);
    this.#updateEmpty();
  }

  /** What lies beyond `offset` is new to the reader and gets a line above it, unless an unseen line stands already. */
  markUnreadAfter(offset, seen) {
    if (this.#unreadAfter !== undefined && this.#unreadAfter >= seen) return;
    this.removeUnreadLine();
    this.#unreadAfter = offset;
  }

  /** The reader is up to date: a line that was not needed is not wanted for what comes next. */
  forgetUnneededUnreadLine() {
    if (!this.#unreadLine) this.#unreadAfter = undefined;
  }

  removeUnreadLine() {
    this.#unreadLine?.remove();
    this.#unreadLine = undefined;
    this.#unreadAfter = undefined;
  }

  add(entry) {
    this.#queue.push(entry);
    if (this.#queue.length > 2 * ENTRIES_SHOWN) this.#queue.splice(0, this.#queue.length - ENTRIES_SHOWN);
    this.#flushTimer ??= setTimeout(() => this.flush(), 0);
  }

  flush() {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    if (this.#queue.length === 0) return;
    const batch = document.createDocumentFragment();
    for (const entry of this.#queue) {
      batch.append(...this.#draw(entry));
      if (!this.#atBottom && !entry.own && !entry.gap) ++this.#below;
    }
    this.#queue = [];
    this.#log.append(batch);
    this.#dropOldest();
    this.#updateEmpty();
    this.#updatePill();
    this.#keepAtEnd();
  }

  /**
   * Draws older entries above what is there, silently and without moving what the reader looks at. `hole`: others are missing
   * in between.
   */
  prepend(entries, hole = false) {
    this.flush();
    if (entries.length === 0) return;
    const kept = [this.#lastDay, this.#lastSender, this.#unreadAfter];
    this.#lastDay = this.#lastSender = this.#unreadAfter = undefined;
    const batch = document.createDocumentFragment();
    for (const entry of entries) batch.append(...this.#draw(entry));
    const newestDay = batch.querySelectorAll(".divider");
    const anchor = this.#log.firstElementChild;
    // The day goes on: its line stands above the older messages now.
    const repeated = !hole && anchor?.matches(".divider:not(.unread)") && newestDay.length > 0 &&
      newestDay[newestDay.length - 1].textContent === anchor.textContent;
    [this.#lastDay, this.#lastSender, this.#unreadAfter] = kept;
    if (hole) batch.append(this.#drawHole());
    const fixed = repeated ? anchor.nextElementSibling : anchor;
    const before = fixed?.getBoundingClientRect().top;
    this.#silently(() => {
      if (repeated) anchor.remove();
      this.#log.prepend(batch);
    });
    if (fixed) this.#scroller.scrollTop += fixed.getBoundingClientRect().top - before;
    this.#scrolled();
  }

  /** The messages around a hole: {after, before}, their offsets. */
  edgesOf(hole) {
    let [last, next] = [hole.previousElementSibling, hole.nextElementSibling];
    while (last && !last.matches(".message")) last = last.previousElementSibling;
    while (next && !next.matches(".message")) next = next.nextElementSibling;
    return { after: offsetOf(last), before: offsetOf(next) };
  }

  /** Draws entries that were missing, oldest first, in a hole; without `more` it is none any more. */
  fill(hole, entries, more) {
    this.flush();
    const kept = [this.#lastDay, this.#lastSender, this.#unreadAfter];
    const last = hole.previousElementSibling;
    const time = last?.querySelector("time")?.dateTime;
    this.#lastDay = time && wording.dayKey(Date.parse(time));
    this.#lastSender = last?.matches(".message:not(.raw)") ? senderOf(last) : undefined;
    this.#unreadAfter = undefined;
    const batch = document.createDocumentFragment();
    for (const entry of entries) batch.append(...this.#draw(entry));
    const { scrollTop } = this.#scroller;
    const day = this.#lastDay;
    [this.#lastDay, this.#lastSender, this.#unreadAfter] = kept;
    this.#silently(() => {
      hole.before(batch);
      if (more) return;
      const next = hole.nextElementSibling;
      const newest = next?.nextElementSibling?.querySelector("time")?.dateTime;
      if (next?.matches(".divider:not(.unread)") && newest && wording.dayKey(Date.parse(newest)) === day) next.remove();
      hole.remove();
    });
    this.#scroller.scrollTop = scrollTop; // the next ones come below what is read
    this.#scrolled();
  }

  /** Nothing more is to be shown in it. */
  closeHole(hole, why) {
    hole.replaceChildren(element("span", {}, why));
  }

  #drawHole() {
    const button = element("button", { type: "button", class: "quiet-button" }, "Show the next messages");
    const hole = element("div", { class: "divider hole" }, button);
    button.addEventListener("click", () => this.#handlers.fill(hole));
    return hole;
  }

  /** Screen readers hear what is new, not what was fetched from the past. */
  #silently(change) {
    this.#log.setAttribute("aria-live", "off");
    change();
    clearTimeout(this.#announceTimer);
    if (this.#busy) return;
    this.#announceTimer = setTimeout(() => this.#log.setAttribute("aria-live", "polite"), ANNOUNCED_AFTER_MS);
  }

  #dropOldest() {
    const most = this.#atBottom ? ENTRIES_SHOWN : ENTRIES_READ_BACK + ENTRIES_SHOWN;
    if (this.#log.childElementCount <= most) return;
    while (this.#log.childElementCount > most) this.#log.firstElementChild.remove();
    if (this.#log.firstElementChild.matches(".hole")) this.#log.firstElementChild.remove();
    this.#handlers.dropped();
  }

  /** An entry of the outbox was added, changed or left. */
  updatePending(entry) {
    const id = `pending-${entry.key}`;
    const old = byId(id);
    if (entry.state === "gone") old?.remove();
    else if (old) old.replaceWith(this.#drawPending(entry, id));
    else this.#pending.append(this.#drawPending(entry, id));
    this.#updateEmpty();
    this.#keepAtEnd();
  }

  /** The record at `offset` turned out to be ours. */
  markOwn(offset) {
    this.flush();
    const message = byId(`at-${offset}`);
    if (!message || message.classList.contains("own")) return;
    message.classList.add("own");
    message.querySelector(".meta").append(storedMark());
  }

  /** The log says from whom nameless messages came. What that adds in height must not count as scrolling away. */
  nameSenders(records) {
    this.flush();
    for (const { offset, sender, time } of records) this.#nameSender(offset, wording.sender(sender), Date.parse(time));
    this.#keepAtEnd();
  }

  /** Its neighbours' names depend on it, too. */
  #nameSender(offset, name, time) {
    const message = byId(`at-${offset}`);
    if (!message) return;
    if (!message.querySelector("time")) message.querySelector(".meta").append(timeMark(time));
    message.querySelector(".sender").replaceWith(senderMark(name, wording.nameless));
    if (message === this.#log.lastElementChild && !message.matches(".raw")) this.#lastSender = name;
    for (const one of [message, message.nextElementSibling]) {
      const before = one?.previousElementSibling;
      if (!one?.matches(".message:not(.raw)")) continue;
      const follows = before !== null && before.matches(".message:not(.raw)");
      one.classList.toggle("grouped", follows && senderOf(before) === senderOf(one));
    }
  }

  /** Scrolls to a record if it is on screen, and says whether it was. */
  reveal(offset) {
    this.flush();
    const message = byId(`at-${offset}`);
    if (!message) return false;
    for (const other of this.#log.querySelectorAll(".pointed-at")) other.classList.remove("pointed-at");
    message.classList.add("pointed-at");
    message.scrollIntoView({ block: "center" });
    this.#scrolled();
    return true;
  }

  scrollToEnd() {
    this.#scroller.scrollTop = this.#scroller.scrollHeight;
    this.#scrolled();
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    this.#atBottom = scrollHeight - scrollTop - clientHeight < BOTTOM_SLACK_PX;
    if (!this.#atBottom) return;
    this.#below = 0;
    this.#updatePill();
    this.#handlers.seen();
  }

  #keepAtEnd() {
    if (this.#atBottom) this.scrollToEnd();
  }

  #updatePill() {
    this.#pill.hidden = this.#below === 0;
    this.#pillText.textContent = this.#below === 0 ? "" : wording.count(this.#below, "new message");
  }

  #updateEmpty() {
    this.#empty.hidden = this.#busy || this.#log.childElementCount > 0 || this.#pending.childElementCount > 0;
  }

  #draw(entry) {
    if (entry.gap) {
      this.#lastSender = undefined;
      return [element("div", { class: "gap" }, wording.gap(entry.gap))];
    }
    const drawn = [];
    if (this.#unreadAfter !== undefined && !this.#unreadLine && entry.offset > this.#unreadAfter && !entry.own) {
      this.#unreadLine = element("div", {
        class: "divider unread",
        role: "separator",
        "aria-label": "New since you looked",
      });
      this.#unreadLine.append(element("span", {}, "New"));
      drawn.push(this.#unreadLine);
      this.#lastSender = undefined;
    }
    const time = entry.sent ?? entry.arrived;
    if (time !== undefined && wording.dayKey(time) !== this.#lastDay) {
      this.#lastDay = wording.dayKey(time);
      this.#lastSender = undefined;
      const label = wording.day(time);
      drawn.push(
        element("div", { class: "divider", role: "separator", "aria-label": label }, element("span", {}, label)),
      );
    }
    drawn.push(this.#drawMessage(entry, time));
    return drawn;
  }

  #drawMessage(entry, time) {
    const sender = entry.name || wording.sender(entry.sender);
    const grouped = this.#lastSender === sender && !entry.raw;
    this.#lastSender = entry.raw ? undefined : sender;
    this.#makeRoomFor(String(entry.offset).length);
    const message = element("article", {
      class: classes("message", { own: entry.own, grouped, raw: entry.raw, fresh: !this.#busy && !entry.own }),
      id: `at-${entry.offset}`,
    });
    const mark = element(
      "a",
      { class: "mark", href: `#${encodeURIComponent(this.#channel)}/${entry.offset}`, title: `Offset ${entry.offset}` },
      hiddenText("Offset "),
      String(entry.offset),
    );
    const meta = element(
      "p",
      { class: "meta" },
      senderMark(sender, entry.name ? undefined : wording.nameless),
    );
    if (time !== undefined) meta.append(timeMark(time));
    if (entry.own) meta.append(storedMark());
    message.append(mark, meta, element("p", { class: "text", dir: "auto" }, ...marked(entry.text)));
    return message;
  }

  #makeRoomFor(digits) {
    if (digits <= this.#offsetDigits) return;
    this.#offsetDigits = digits;
    document.documentElement.style.setProperty("--offset-digits", String(digits));
  }

  #drawPending(entry, id) {
    const message = element("article", { class: `message own waiting ${entry.state}`, id });
    const meta = element(
      "p",
      { class: "meta" },
      senderMark(entry.name),
    );
    meta.append(element("time", { datetime: new Date(entry.sent).toISOString() }, wording.timeOfDay(entry.sent)));
    const mark = element("span", { class: "mark", "aria-hidden": "true" });
    message.append(mark, meta, element("p", { class: "text", dir: "auto" }, ...marked(entry.text)));
    if (entry.state === "stored") {
      mark.textContent = String(entry.offset);
      meta.append(storedMark());
    } else if (entry.state === "failed") {
      mark.append(icon("alert"));
      message.append(this.#drawFailure(entry));
    } else {
      mark.append(icon("clock"));
      meta.append(hiddenText(" waiting to be stored"));
    }
    return message;
  }

  #drawFailure(entry) {
    const retry = element("button", { type: "button", class: "quiet-button" }, "Try again");
    const discard = element("button", { type: "button", class: "quiet-button" }, "Delete");
    retry.addEventListener("click", () => this.#handlers.retry(entry));
    discard.addEventListener("click", () => this.#handlers.discard(entry));
    return element(
      "div",
      { class: "failure" },
      element("p", { role: "alert" }, icon("alert"), `Not stored: ${entry.error}`),
      element("div", { class: "failure-buttons" }, retry, discard),
    );
  }
}

function classes(always, others) {
  return [always, ...Object.keys(others).filter((name) => others[name])].join(" ");
}

function storedMark() {
  return element("span", { class: "stored-mark", title: "Stored" }, icon("tick"), hiddenText("stored"));
}

function timeMark(time) {
  return element("time", { datetime: new Date(time).toISOString(), title: wording.dateAndTime(time) }, wording.timeOfDay(time));
}

const offsetOf = (message) => Number(message.id.replace("at-", ""));
const senderOf = (message) => message.querySelector(".sender").textContent;

/** `title` says what stands behind a name that nobody gave. */
function senderMark(name, title) {
  return element("bdi", { class: `sender colour-${colourOf(name)}`, title }, ...marked(name));
}

function colourOf(name) {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)) >>> 0;
  return hash % SENDER_COLOURS;
}
