// Texts of strangers, with what would play tricks on whoever looks made visible: a control character, or one that turns the
// direction of what follows (U+202E and its like), is shown by its code and works no further than itself. What is selected
// and copied is the text as it is.
//
// Left alone are line breaks and tabs, joiners (emoji and many scripts need them) and the plain direction marks, which turn
// nothing round.
//
// Only so many of one text: a browser lays out the isolated elements of a paragraph in a time that grows with their square
// (100,000 of them, 200 KB that anybody can send, stopped the page for two minutes). Each one behind those is a U+FFFD.
const MARKS_MOST = 100;
const TRICKS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g;

/** For names that must have nothing of the kind. */
export const hasTricks = (text) => text.search(TRICKS) !== -1;

/** Without them, for where only a text can stand: a title, an option. */
export const plain = (text) => text.replace(TRICKS, "\ufffd");

/** Nodes for `append`: the text, each such character in an element of its own. */
export function marked(text) {
  const nodes = [];
  let end = 0;
  let marks = 0;
  for (const { 0: character, index } of text.matchAll(TRICKS)) {
    if (++marks > MARKS_MOST) return [...nodes, plain(text.slice(end))];
    if (index > end) nodes.push(text.slice(end, index));
    const mark = document.createElement("bdi");
    mark.className = "trick";
    mark.dataset.code = `U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    mark.textContent = character;
    nodes.push(mark);
    end = index + 1;
  }
  if (end < text.length) nodes.push(text.slice(end));
  return nodes;
}
