// The page's parts that need no browser: what a record is taken for, how the outbox behaves, what is said.
import assert from "node:assert/strict";
import { test } from "node:test";
import { describe, parsePosition, parseRecord } from "../../web/chat/record.js";
import { Outbox } from "../../web/chat/outbox.js";
import * as wording from "../../web/chat/wording.js";
import { waitFor } from "../harness.mjs";

const EPOCH = "3f9c2a7be01d4c58";

test("a position is an epoch and an offset, and nothing else is one", () => {
  assert.deepEqual(parsePosition(`${EPOCH}.17`), { epoch: EPOCH, offset: 17, text: `${EPOCH}.17` });
  for (const other of [
    17,
    null,
    undefined,
    "",
    "17",
    `${EPOCH}.`,
    `${EPOCH}.017`,
    `${EPOCH}.-1`,
    `${EPOCH}.1 `,
    "x.1",
  ]) {
    assert.equal(parsePosition(other), undefined, JSON.stringify(other));
  }
});

test("a record is what ends in its own offset and position; relayed events are not records", () => {
  const record = parseRecord("chat message", ["hello", 17, `${EPOCH}.17`]);
  assert.deepEqual(record.entry, { offset: 17, name: "", text: "hello" });
  assert.equal(parseRecord("typing", [{ name: "Ada" }, `${EPOCH}.17`]), undefined);
  assert.equal(parseRecord("typing", [16, `${EPOCH}.17`]), undefined);
  assert.equal(parseRecord("chat message", []), undefined);
  assert.equal(parseRecord("order placed", [{ id: 1 }, 17, `${EPOCH}.17`]).entry.text, 'order placed: {"id":1}');
  assert.equal(parseRecord("chat message", [17, `${EPOCH}.17`]).entry.text, "(no payload)");
});

test("a text that is cut is never cut inside a character", () => {
  const { text } = describe("chat message", `${"x".repeat(19_999)}\u{1f30a}\u{1f30a}`);
  assert.equal(text, `${"x".repeat(19_999)}…`);
});

test("what somebody else's clock says is only used if it is a time", () => {
  assert.equal(describe("chat message", { text: "t", sent: 1 }).sent, 1);
  for (const sent of [NaN, Infinity, 1e300, "1", null, {}]) {
    assert.equal(describe("chat message", { text: "t", sent }).sent, undefined);
  }
});

/** An outbox whose server answers when told to. */
function outboxWith(channel) {
  const calls = [];
  const send = (payload, key) =>
    new Promise((resolve, reject) => calls.push({ text: payload.text, key, payload, answer: resolve, fail: reject }));
  return { calls, outbox: new Outbox(channel, send, () => {}) };
}
const sent = (calls, n) => waitFor(() => calls.length === n, { what: `${n} messages sent` });

test("the outbox sends in order, one at a time, and only the head again after silence", async () => {
  const { calls, outbox } = outboxWith("order");
  outbox.add("Ada", "one");
  outbox.add("Ada", "two");
  assert.equal(calls.length, 0, "nothing is sent before there is a connection");
  outbox.start();
  await sent(calls, 1);
  calls[0].fail(new Error("no answer in time"));
  await sent(calls, 2);
  assert.equal(calls[1].text, "one");
  assert.equal(calls[1].key, calls[0].key, "the same message keeps its client key");
  calls[1].answer({ offset: 1, duplicate: true });
  await sent(calls, 3);
  assert.equal(calls[2].text, "two");
  assert.notEqual(calls[2].key, calls[0].key);
});

test("an answer that comes for an earlier connection changes nothing", async () => {
  const { calls, outbox } = outboxWith("rounds");
  outbox.add("Ada", "one");
  outbox.start();
  await sent(calls, 1);
  outbox.stop();
  outbox.start();
  await sent(calls, 2);
  calls[0].fail(new Error("the connection went"));
  calls[1].answer({ offset: 5, duplicate: false });
  await waitFor(() => outbox.entries[0].state === "stored");
  assert.equal(calls.length, 2);
});

test("a refused message lets the next one pass and waits for its author", async () => {
  const { calls, outbox } = outboxWith("refusal");
  const entry = outbox.add("Ada", "rude");
  outbox.add("Ada", "polite");
  outbox.start();
  await sent(calls, 1);
  calls[0].answer({ error: { code: "refused", message: "Not in this tone." } });
  await sent(calls, 2);
  assert.equal(calls[1].text, "polite");
  assert.equal(entry.error, "Not in this tone.");
  calls[1].answer({ offset: 1, duplicate: false });
  outbox.retry(entry);
  await sent(calls, 3);
  assert.equal(calls[2].key, calls[0].key);
});

test("a record that is one of ours leaves the outbox, even before its acknowledgement", async () => {
  const { calls, outbox } = outboxWith("own");
  outbox.add("Ada", "twice the same");
  outbox.add("Ada", "twice the same");
  outbox.start();
  await sent(calls, 1);
  assert.equal(outbox.recognise(7, { ...calls[0].payload }), true);
  assert.equal(outbox.entries.length, 1);
  assert.equal(outbox.recognise(8, { ...calls[0].payload }), false, "one record stands for one message");
  calls[0].answer({ offset: 7, duplicate: false });
  await sent(calls, 2);
});

test("what waits is there again for the next page load, in the order it was written", () => {
  const first = outboxWith("reload").outbox;
  for (const text of ["one", "two", "three"]) first.add("Ada", text);
  const second = outboxWith("reload").outbox;
  assert.deepEqual(
    second.entries.map(({ text }) => text),
    ["one", "two", "three"],
  );
});

test("absences are told in words people use", () => {
  assert.equal(wording.back(40_000, 12), "Back after 40 s: 12 missed messages.");
  assert.equal(wording.back(300, 1), "Back after 1 s: 1 missed message.");
  assert.equal(wording.back(3 * 60_000, 0), "Back after 3 min: nothing missed.");
  assert.equal(wording.duration(3_900_000), "1 h 5 min");
  assert.equal(
    wording.gap({ from: 5, to: 90, reason: "disk lost" }),
    "Messages between offset 5 and 90 are gone: disk lost.",
  );
  assert.equal(wording.gap({}), "Some messages are gone.");
});
