// A record as the page sees it: the arguments of an event turned into something that can be shown and cached.
//
// Payloads come from anyone: any JSON value, binary, absurdly long text. Whatever it is becomes plain text here; nothing
// downstream ever builds markup from it.
import { NAME_CHARS, TEXT_SHOWN_CHARS } from "./limits.js";

const POSITION = /^([0-9a-f]{16})\.(0|[1-9][0-9]{0,15})$/;
const LAST_DATE_MS = 8.64e15; // the largest time a Date can hold

/** "3f9c2a7be01d4c58.17" -> {epoch, offset, text}, or undefined. */
export function parsePosition(text) {
  const match = typeof text === "string" ? POSITION.exec(text) : null;
  return match ? { epoch: match[1], offset: Number(match[2]), text } : undefined;
}

/**
 * The record in an event's arguments: (payload?, offset, position), or undefined for events that are not in the log:
 * those end in the current position without an offset of their own.
 */
export function parseRecord(event, args) {
  const position = parsePosition(args.at(-1));
  if (!position || args.at(-2) !== position.offset) return undefined;
  const payload = args.length > 2 ? args[0] : undefined;
  return { position, payload, entry: { offset: position.offset, ...describe(event, payload) } };
}

/** {name, text, sent?, raw?}; `raw` marks what is not a chat message but data, shown as such. */
export function describe(event, payload) {
  const chat = event === "chat message";
  if (chat && typeof payload === "string") return { name: "", text: clamp(payload, TEXT_SHOWN_CHARS) };
  if (chat && isObject(payload) && typeof payload.text === "string") {
    const entry = { name: nameOf(payload), text: clamp(payload.text, TEXT_SHOWN_CHARS) };
    if (isTime(payload.sent)) entry.sent = payload.sent;
    return entry;
  }
  const label = chat ? "" : `${event}: `;
  return {
    name: isObject(payload) ? nameOf(payload) : "",
    text: clamp(label + asText(payload), TEXT_SHOWN_CHARS),
    raw: true,
  };
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isBinary(value);
}

function isBinary(value) {
  return value instanceof ArrayBuffer || ArrayBuffer.isView(value) || value instanceof Blob;
}

function isTime(value) {
  return typeof value === "number" && Math.abs(value) <= LAST_DATE_MS;
}

function nameOf(payload) {
  return typeof payload.name === "string" ? clamp(payload.name.trim(), NAME_CHARS) : "";
}

function asText(payload) {
  if (payload === undefined) return "(no payload)";
  if (isBinary(payload)) return binaryText(payload);
  return JSON.stringify(payload, (_, value) => (isBinary(value) ? binaryText(value) : value));
}

function binaryText(value) {
  return `(binary, ${(value.byteLength ?? value.size).toLocaleString()} bytes)`;
}

function clamp(text, limit) {
  if (text.length <= limit) return text;
  // Not between the halves of a surrogate pair.
  const end = /[\uD800-\uDBFF]/.test(text[limit - 1]) ? limit - 1 : limit;
  return `${text.slice(0, end)}…`;
}
