// How clients came back: counts, and the latest ones.
import { byId, element } from "/chat/dom.js";
import { marked } from "/shared/marked.js";

const SHOWN = 50;
const WAYS = {
  resumed: "session restored, from memory",
  replayed: "session restored, from the store",
  new: "new session",
};

export function showRecoveries({ latest, ...counts }) {
  for (const way of Object.keys(WAYS)) byId(`count-${way}`).textContent = counts[way].toLocaleString("en");
  byId("recovery-rows").replaceChildren(
    ...latest.slice(0, SHOWN).map((one) =>
      element(
        "tr",
        {},
        element("td", { class: "time" }, element("time", { datetime: one.time, title: one.time }, new Date(one.time).toLocaleTimeString("en-GB"))),
        element("td", { class: `way ${one.way}`, title: WAYS[one.way] }, one.way),
        element("td", {}, element("bdi", {}, ...marked(one.channel))),
        element("td", {}, element("bdi", {}, ...marked(one.sender))),
        element("td", { class: "figure" }, String(one.after)),
        element("td", {}, one.reason ?? ""),
      ),
    ),
  );
  byId("recoveries-none").hidden = latest.length > 0;
}
