// Where the reader writes: the name once, then messages. Drafts are kept per channel.
import { byId } from "./dom.js";
import { NAME_CHARS, TEXT_SENT_CHARS } from "./limits.js";
import * as storage from "./storage.js";

export class Composer {
  #nameForm = byId("name-form");
  #nameField = byId("name");
  #textForm = byId("text-form");
  #textField = byId("text");
  #rename = byId("rename-button");
  #channel;
  #handlers;

  /** Handlers: send(name, text), which returns whether it was taken; renamed(). */
  constructor(handlers) {
    this.#handlers = handlers;
    this.name = String(storage.read("name") ?? "").slice(0, NAME_CHARS);
    this.#nameForm.addEventListener("submit", (event) => this.#submitName(event));
    this.#textForm.addEventListener("submit", (event) => this.#submitText(event));
    this.#textField.addEventListener("keydown", (event) => {
      // While an input method composes a character, Enter belongs to it.
      if (event.key === "Enter" && !event.shiftKey && !event.isComposing) this.#submitText(event);
    });
    this.#textField.addEventListener("input", () => {
      this.#saveDraft();
      this.#fit();
    });
    this.#rename.addEventListener("click", () => {
      this.#show("name");
      this.#nameField.value = this.name;
      this.#nameField.select();
    });
    this.#show(this.name ? "text" : "name");
  }

  open(channel) {
    this.#channel = channel;
    this.#textField.value = String(storage.read(`draft:${channel}`) ?? "").slice(0, TEXT_SENT_CHARS);
    this.#textField.placeholder = `Write to #${channel}`;
    this.#fit();
  }

  /** Not on touch screens: there, focus brings up the keyboard over what the reader came for. */
  focusIfHandy() {
    if (!matchMedia("(pointer: fine)").matches) return;
    (this.#textForm.hidden ? this.#nameField : this.#textField).focus();
  }

  note(text) {
    byId("composer-note").textContent = text;
  }

  #show(which) {
    this.#nameForm.hidden = which !== "name";
    this.#textForm.hidden = which !== "text";
    this.#fit();
    this.#rename.textContent = this.name;
    this.#rename.setAttribute("aria-label", `${this.name}, change name`);
  }

  #submitName(event) {
    event.preventDefault();
    const name = this.#nameField.value.trim().slice(0, NAME_CHARS);
    byId("name-problem").textContent = name ? "" : "A name, a nickname, a letter: anything will do.";
    if (!name) return this.#nameField.focus();
    const changed = name !== this.name;
    this.name = name;
    storage.write("name", name);
    this.#show("text");
    this.#textField.focus();
    if (changed) this.#handlers.renamed();
  }

  #submitText(event) {
    event.preventDefault();
    const text = this.#textField.value;
    if (text.trim() === "" || !this.#handlers.send(this.name, text.trimEnd())) return;
    this.#textField.value = "";
    this.#saveDraft();
    this.#fit();
    this.#textField.focus();
  }

  #saveDraft() {
    const key = `draft:${this.#channel}`;
    if (this.#textField.value) storage.write(key, this.#textField.value);
    else storage.remove(key);
  }

  #fit() {
    if (this.#textForm.hidden) return; // what is not shown has no height
    this.#textField.style.height = "auto";
    this.#textField.style.height = `${this.#textField.scrollHeight}px`;
  }
}
