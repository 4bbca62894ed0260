// JSON as it is stored, laid out as text. No value is read, so that 1.0 stays 1.0, a number keeps all its digits, a doubled key
// is there twice and "\u00e9" is an escape. Pure; the text is valid JSON, which the server has checked. Strangers write it:
// it is read character by character (a regular expression that goes on for a whole string overflows on a long one) and no
// further than is shown (an element a line, 64 deep, is 64 times as long).
const BLANKS = " \t\n\r";
const OPENS = "{[";
const CLOSES = "}]";
const NOT_IN_SCALARS = `${BLANKS}${OPENS}${CLOSES},:`;

/** A member or element a line, cut behind so many characters. Empty objects and arrays stay as they are. */
export function indented(text, charsMax) {
  let out = "";
  let depth = 0;
  let opened = false; // by the token before
  const newLine = () => `\n${"  ".repeat(depth)}`;
  for (let at = 0; at < text.length && out.length <= charsMax; ) {
    const first = text.charAt(at);
    if (BLANKS.includes(first)) {
      ++at;
      continue;
    }
    const end = tokenEnd(text, at, Math.min(text.length, at + charsMax + 1 - out.length));
    const closes = CLOSES.includes(first);
    if (closes) --depth;
    if (opened !== closes) out += newLine();
    opened = OPENS.includes(first);
    if (opened) ++depth;
    out += text.slice(at, end);
    if (first === ",") out += newLine();
    if (first === ":") out += " ";
    at = end;
  }
  return out.length > charsMax ? `${out.slice(0, charsMax)}…` : out;
}

/** Where the token ends that begins at `at`; at most `end`. */
function tokenEnd(text, at, end) {
  const first = text.charAt(at);
  if (first === '"') return stringEnd(text, at, end);
  if (NOT_IN_SCALARS.includes(first)) return at + 1;
  while (at < end && !NOT_IN_SCALARS.includes(text.charAt(at))) ++at;
  return at;
}

function stringEnd(text, at, end) {
  for (++at; at < end && text.charAt(at) !== '"'; ++at) {
    if (text.charAt(at) === "\\") ++at;
  }
  return Math.min(at + 1, end);
}
