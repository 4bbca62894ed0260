// What of the log is damaged, what repairs left out, and what the channels lost to trimming.
import { byId, element } from "/chat/dom.js";
import { marked } from "/shared/marked.js";

const LISTED = 100;
let shown; // what it was drawn from: drawing it anew takes the focus from who reads it

/** `jump` is called with an offset. */
export function showGone({ unreadable, holes }, { losses }, damagedRecords, jump) {
  const facts = JSON.stringify([unreadable, holes, losses.length, losses[0], damagedRecords]);
  if (facts === shown) return;
  shown = facts;
  const count = (n, one, many = `${one}s`) => `${n.toLocaleString("en")} ${n === 1 ? one : many}`;
  const left = holes.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  const damage = Math.max(damagedRecords, unreadable.length);
  tell("count-damaged", damage, `${count(damage, "record")} damaged`, "nothing damaged");
  tell("count-left-out", left, `${count(left, "record")} left out by repairs`);
  tell("count-lost", losses.length, `${count(losses.length, "channel")} trimmed`, "nothing trimmed");

  byId("damage").replaceChildren(
    ...(unreadable.length > 0 ? [`Clients could not be given ${unreadable.length === 1 ? "one place" : `${unreadable.length} places`} of the log, because of damage or a disk that fails: `,
      element("a", { href: "#gone-list" }, "see which"), "."] : []),
  );
  byId("damage").querySelector("a")?.addEventListener("click", (event) => {
    event.preventDefault();
    byId("gone").open = true;
    byId("gone-list").focus();
  });

  const rows = [
    ...unreadable.map(({ error, offset, times, last }) => [
      "cannot be read",
      offset,
      `${error} (met ${count(times, "time")}, last ${new Date(last).toLocaleString()})`,
    ]),
    ...holes.map(({ from, to }) => ["left out by a repair", from, from === to ? `offset ${from}` : `offsets ${from} to ${to}`]),
    ...losses.map(({ channel, last }) => ["trimmed", undefined, `${channel || "every channel"}: records up to offset ${last.toLocaleString("en")} are gone`]),
  ];
  byId("gone-rows").replaceChildren(
    ...rows.slice(0, LISTED).map(([what, offset, text]) => {
      const at = element("td", { class: "figure" });
      if (offset !== undefined) {
        const button = element("button", { type: "button" }, String(offset));
        button.addEventListener("click", () => jump(offset));
        at.append(button);
      }
      return element("tr", {}, element("td", {}, what), at, element("td", {}, element("bdi", {}, ...marked(text))));
    }),
  );
  byId("gone-table").hidden = rows.length === 0;
  byId("gone-note").textContent = notes(rows.length, damagedRecords, unreadable.length);
}

function notes(rows, damagedRecords, named) {
  if (rows === 0 && damagedRecords === 0) return "All records that the log ever had are there and can be read, as far as anybody has looked.";
  const said = [];
  if (damagedRecords > named) said.push(`Counting the channels met ${damagedRecords.toLocaleString("en")} damaged records; tidemark verify names each.`);
  if (rows > LISTED) said.push(`${(rows - LISTED).toLocaleString("en")} more: /api/v1/info and /api/v1/losses have all.`);
  return said.join(" ");
}

function tell(id, number, text, none = "") {
  byId(id).textContent = number > 0 ? text : none;
  byId(id).classList.toggle("bad", number > 0 && id === "count-damaged");
}
