// A record as the page has it: what JSON makes of its line, and beside that, kept for as long as it is, the texts that the
// record alone has lost: its line, and its payload as it is stored. Strangers write payloads, as long as the server takes
// them, and the page holds hundreds: each is found once, when it comes, kept as text alone, and none is looked through to draw
// a row. Pure.
const PAYLOAD = ',"payload":';
const ATTACHMENTS = ',"attachments":[';
const PREVIEW_CHARS = 400;

const kept = new WeakMap(); // a record's {line, payload, folded}

/** A record of its line. Numbers, doubled keys and escapes are in no other place as they were sent. */
export function readRecord(line) {
  const record = JSON.parse(line);
  kept.set(record, { line, payload: payloadIn(line, record) });
  record.payload = undefined;
  return record;
}

export const lineOf = (record) => kept.get(record).line;

/** What it takes to hold it, in characters; of what is no record nothing. */
export const charsOf = (record) => kept.get(record)?.line.length ?? 0;

/** The payload's exact text. */
export const payloadText = (record) => kept.get(record).payload;

/**
 * Where the server puts it (append_record_json in protocol/record_json.cpp): behind members that are a number and strings, and
 * before nothing but "text", which has it exactly, and "attachments", which are base64. A comma, a quote and a name stand
 * together in none of these but where a member begins: within a string each quote has a backslash before it. So the first
 * such place is the payload's and the last one the attachments', whatever stands in the payload.
 */
function payloadIn(line, { text, attachments }) {
  if (text !== undefined) return text;
  const before = line.indexOf(PAYLOAD);
  if (before === -1) return undefined; // not a record: what the stream says of the log
  return line.slice(before + PAYLOAD.length, attachments ? line.lastIndexOf(ATTACHMENTS) : -1);
}

/** The payload's beginning for a row; of a string what stands between its quotes. */
export function previewText(record) {
  const text = payloadText(record);
  const [start, end] = text.startsWith('"') ? [1, text.length - 1] : [0, text.length];
  const cut = end - start > PREVIEW_CHARS ? `${text.slice(start, start + PREVIEW_CHARS)}…` : text.slice(start, end);
  return record.attachments ? `${cut} (+ ${record.attachments.length} binary)` : cut;
}

/**
 * Every text of the record in small letters, made where somebody first looks for one. The payload is there as it is stored and,
 * where that is another text, as it is read: both é and \u00e9 find "\u00e9".
 */
export function foldedTexts(record) {
  const texts = kept.get(record);
  texts.folded ??= [record.channel, record.event, record.sender, record.key ?? "", ...payloadTexts(record)].map((text) =>
    text.toLowerCase(),
  );
  return texts.folded;
}

function payloadTexts(record) {
  const stored = payloadText(record);
  return stored.includes("\\") ? [stored, JSON.stringify(JSON.parse(stored))] : [stored];
}
