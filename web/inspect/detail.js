// One record with everything that is known of it.
import { byId, element } from "/chat/dom.js";
import { marked } from "/shared/marked.js";
import { indented } from "./json-text.js";
import { lineOf, payloadText } from "./record.js";

const TEXT_SHOWN_CHARS = 100_000;

export class Detail {
  #panel = byId("detail");
  #fields = byId("detail-fields");
  #payload = byId("detail-payload");
  #copied = byId("detail-copied");
  #record;

  /** `closed` is called when the person closes it. */
  constructor(closed) {
    byId("detail-close").addEventListener("click", () => {
      this.close();
      closed();
    });
    byId("detail-copy").addEventListener("click", () => this.#copy());
  }

  get open() {
    return !this.#panel.hidden;
  }

  show(record) {
    this.#record = record;
    this.#panel.hidden = false;
    this.#copied.textContent = "";
    byId("detail-title").textContent = `Record ${record.offset}`;
    const rows = [
      ["Time", `${new Date(record.time).toLocaleString()} (${record.time})`],
      ["Channel", record.channel],
      ["Event", record.event],
      ["Sender", record.sender],
      ["Client key", record.key ?? "none was given"],
      ...(record.attachments ?? []).map((one, i) => [`Binary part ${i}`, `${binaryBytes(one).toLocaleString("en")} bytes`]),
    ];
    this.#fields.replaceChildren(
      ...rows.flatMap(([name, value]) => [element("dt", {}, name), element("dd", {}, element("bdi", {}, ...marked(value)))]),
    );
    const text = payloadText(record);
    const shown = indented(text, TEXT_SHOWN_CHARS);
    const cut = shown.length > TEXT_SHOWN_CHARS;
    byId("payload-title").textContent = cut ? `Payload: its beginning, of ${text.length.toLocaleString("en")} characters; a copy has all` : "Payload";
    this.#payload.replaceChildren(...marked(shown));
  }

  close() {
    this.#panel.hidden = true;
  }

  async #copy() {
    const done = await navigator.clipboard?.writeText(lineOf(this.#record)).then(
      () => true,
      () => false,
    );
    this.#copied.textContent = done ? "Copied." : "This browser does not let the page copy.";
  }
}

const binaryBytes = (base64) => (base64.length / 4) * 3 - (/=*$/.exec(base64)[0].length);
