// JSON as it is stored: taken apart and laid out as text. No value is read, so that 1.0 stays 1.0, a number keeps all its
// digits, a doubled key is there twice and "\u00e9" is an escape. Pure; the text is valid JSON, which the server has checked.
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^\s"{}[\],:]+/gs;
const OPENS = new Set(["{", "["]);
const CLOSES = new Set(["}", "]"]);

/** The exact text of a member of an object; of doubled ones the last; undefined: there is none. */
export function memberText(object, name) {
  let depth = 0;
  let key; // of depth 1, once its colon has come
  let start; // of the value under way
  let before; // the token before this one
  let found;
  for (const { 0: token, index } of object.matchAll(TOKENS)) {
    const ends = depth === 1 && (token === "," || token === "}");
    if (ends && key === name) found = object.slice(start, before.index + before.token.length);
    if (OPENS.has(token)) ++depth;
    if (CLOSES.has(token)) --depth;
    if (ends) key = undefined;
    else if (depth === 1 && token === ":" && key === undefined) {
      key = JSON.parse(before.token);
      start = undefined;
    } else if (key !== undefined) start ??= index;
    before = { token, index };
  }
  return found;
}

/** The same tokens, a member or element a line. Empty objects and arrays stay as they are. */
export function indented(text) {
  const tokens = text.match(TOKENS) ?? [];
  let out = "";
  let depth = 0;
  const newLine = () => `\n${"  ".repeat(depth)}`;
  tokens.forEach((token, i) => {
    if (CLOSES.has(token)) {
      --depth;
      out += OPENS.has(tokens[i - 1]) ? token : newLine() + token;
    } else if (OPENS.has(token)) {
      ++depth;
      out += CLOSES.has(tokens[i + 1]) ? token : token + newLine();
    } else if (token === ",") out += token + newLine();
    else out += token === ":" ? ": " : token;
  });
  return out;
}
