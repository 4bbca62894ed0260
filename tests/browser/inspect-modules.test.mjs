// The inspector's parts that need no browser. Strangers write what it shows: the work for a record is counted, in characters,
// so that a payload a hundred times as long is seen to cost what it must and no more.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { io } from "socket.io-client";
import { Filter } from "../../web/inspect/filter.js";
import { indented } from "../../web/inspect/json-text.js";
import { CHARS_HELD, LogWindow, RECORDS_HELD } from "../../web/inspect/log-window.js";
import { nearestName } from "../../web/inspect/nearest.js";
import { lineOf, payloadText, previewText, readRecord } from "../../web/inspect/record.js";
import { startServer, waitFor } from "../harness.mjs";

globalThis.sessionStorage = { getItem: () => null };

const lineWith = (payload, { offset = 1, more = "" } = {}) =>
  `{"offset":${offset},"time":"2026-11-26T00:00:00.000Z","channel":"/c","event":"e","sender":"s","payload":${payload}${more}}`;

/** How many characters of strings the work looked at or made, other than by asking whether one is within another. */
function charactersSeen(work) {
  const whole = ["match", "matchAll", "search", "replace", "replaceAll", "split", "toLowerCase", "codePointAt"];
  const parts = ["slice", "substring", "charAt", "at"];
  const originals = Object.fromEntries([...whole, ...parts].map((name) => [name, String.prototype[name]]));
  const { parse, stringify } = JSON;
  let seen = 0;
  for (const name of whole) {
    String.prototype[name] = function (...given) {
      seen += this.length;
      return originals[name].apply(this, given);
    };
  }
  for (const name of parts) {
    String.prototype[name] = function (...given) {
      const part = originals[name].apply(this, given);
      seen += part.length;
      return part;
    };
  }
  JSON.parse = (text) => ((seen += text.length), parse(text));
  JSON.stringify = (value) => {
    const text = stringify(value);
    seen += text.length;
    return text;
  };
  try {
    work();
  } finally {
    Object.assign(String.prototype, originals);
    Object.assign(JSON, { parse, stringify });
  }
  return seen;
}

describe("a record's payload", () => {
  const PAYLOADS = [
    "1.0",
    "-0.10e+2",
    "null",
    '""',
    '"\\""',
    '"caf\\u00e9 \\\\"',
    '"}"',
    "[]",
    '{"payload":1,"payload":2.0}',
    '{"a":1,"payload":{"b":[1,"payload"]},"attachments":["AAAA"]}',
    '{"a":1,"attachments":["AAAA"],"text":"no"}',
    '"x,\\"payload\\":1,\\"attachments\\":[\\"AAAA\\"]}"',
    '[1 , {"n": 1.00}]',
    "[1,\n\r\n 2]",
  ];
  let server;
  before(async () => (server = await startServer()));
  after(() => server?.stop());
  const linesOf = async (channel) => {
    const answer = await fetch(`${server.url}/api/v1/log?${new URLSearchParams({ channel })}`);
    return (await answer.text()).split("\n").filter(Boolean);
  };

  test("is its exact text, whatever stands in it", async () => {
    const sender = ',"payload":"of a name",';
    for (const body of PAYLOADS) {
      const query = new URLSearchParams({ sender });
      const path = `${server.url}/api/v1/channels/${encodeURIComponent("/chat/exact")}/records?${query}`;
      const { status } = await fetch(path, { method: "POST", body, headers: { "idempotency-key": `${sender}${PAYLOADS.indexOf(body)}` } });
      assert.ok(status < 300, `${status} for ${body}`);
    }
    const records = (await linesOf("/chat/exact")).map(readRecord);
    assert.deepEqual(records.map(payloadText), PAYLOADS);
  });

  test("is its exact text beside binary parts, too", async (t) => {
    const socket = io(`${server.url}/chat/binary`, { transports: ["websocket"], forceNew: true });
    t.after(() => socket.close());
    const payload = { one: Buffer.from("12345"), attachments: ["AAAA"], payload: ',"attachments":[' };
    await socket.timeout(10_000).emitWithAck("chat message", payload);
    const [record] = (await linesOf("/chat/binary")).map(readRecord);
    const placeholder = '{"_placeholder":true,"num":0}';
    assert.equal(payloadText(record), `{"one":${placeholder},"attachments":["AAAA"],"payload":",\\"attachments\\":["}`);
    assert.equal(record.attachments.length, 1);
  });

  test("is found when the record comes, and without looking through it", () => {
    const line = lineWith(`[${"1,".repeat(50_000)}1]`);
    assert.ok(charactersSeen(() => readRecord(line)) < 2.1 * line.length, "what JSON reads, and one slice");
    const record = readRecord(line);
    assert.equal(charactersSeen(() => payloadText(record)), 0);
  });

  test("is looked at by a row no further than it is shown", () => {
    for (const payload of [`[${"1,".repeat(50_000)}1]`, `"${"\\n".repeat(50_000)}"`]) {
      const record = readRecord(lineWith(payload));
      assert.ok(charactersSeen(() => previewText(record)) < 1_000);
      assert.match(previewText(record), /^.{400}…$/s);
    }
    assert.equal(previewText(readRecord(lineWith('"short"', { more: ',"attachments":["AAAA"]' }))), "short (+ 1 binary)");
    assert.equal(previewText(readRecord(lineWith("[1.0]"))), "[1.0]");
  });

  test("of millions of escapes is one like any other", () => {
    const payload = `"${"\\n".repeat(4_000_000)}"`;
    const record = readRecord(lineWith(payload));
    assert.ok(payloadText(record) === payload);
    assert.equal(previewText(record), `${"\\n".repeat(200)}…`);
    assert.equal(indented(payloadText(record), 10), '"\\n\\n\\n\\n\\…');
    assert.ok(new Filter("\\n\\n").has(record));
  });
});

describe("the text that is looked for", () => {
  const records = Array.from({ length: 100 }, (_, i) => readRecord(lineWith(`["CAF\\u00c9 ${i}",${"1,".repeat(500)}1.0]`)));

  test("is found in a payload as it is stored and as it is read, and in any field", () => {
    for (const wanted of ["café 17", "caf\\u00c9 17", " Café 17 "]) {
      assert.equal(records.filter((record) => new Filter(wanted).has(record)).length, 1, wanted);
    }
    for (const wanted of ["1.0]", "/C", ""]) assert.ok(new Filter(wanted).has(records[0]), wanted);
    assert.ok(!new Filter("1.00").has(records[0]));
    assert.ok(!new Filter("/ce").has(records[0]), "no text goes from one field to the next");
  });

  test("costs each record its reading once, not once for each letter", () => {
    const looksFor = (text) => () => records.forEach((record) => new Filter(text).has(record));
    looksFor("c")();
    assert.ok(charactersSeen(looksFor("ca")) < 10 * records.length);
  });
});

describe("a payload laid out", () => {
  test("has a member or element a line, and nothing of it is read", () => {
    const text = '{"n":1.0, "n":-0.10e+2,\n"e":"caf\\u00e9 \\"{\\\\","none":[ ],"no":{},"deep":[[{"x":[true,null]}]]}';
    const lines = [
      "{", '  "n": 1.0,', '  "n": -0.10e+2,', '  "e": "caf\\u00e9 \\"{\\\\",', '  "none": [],', '  "no": {},', '  "deep": [', "    [",
      "      {", '        "x": [', "          true,", "          null", "        ]", "      }", "    ]", "  ]", "}",
    ];
    assert.equal(indented(text, 1_000), lines.join("\n"));
    for (const scalar of ["1.0", "true", '""', '"\\\\"', "[]", "{}"]) assert.equal(indented(scalar, 100), scalar);
  });

  test("is cut where it is longer than is shown, and not where it is as long", () => {
    const whole = '[\n  "ab"\n]';
    assert.equal(indented('["ab"]', whole.length), whole);
    for (let most = 1; most < whole.length; most++) assert.equal(indented('["ab"]', most), `${whole.slice(0, most)}…`);
  });

  test("is made no further than it is shown", () => {
    const deep = `${"[".repeat(64)}${"1,".repeat(500_000)}1${"]".repeat(64)}`;
    const long = `"${"\\n".repeat(500_000)}"`;
    for (const payload of [deep, long, `[${long}]`, "1".repeat(1_000_000)]) {
      assert.ok(charactersSeen(() => indented(payload, 1_000)) < 5_000, payload.slice(0, 70));
      assert.equal(indented(payload, 1_000).length, 1_001);
    }
  });
});

test("the channel that was meant is the nearest name, or the one that ends in what was typed", () => {
  const names = ["/chat/new", "/chat/general", "/chat/pier", "/chat/piers/east", "/"];
  for (const [typed, meant] of [
    ["/chat/peir", "/chat/pier"],
    ["pier", "/chat/pier"],
    ["PIER", "/chat/pier"],
    ["east", "/chat/piers/east"],
    ["/chat/generl", "/chat/general"],
    ["/chat/ge", "/chat/general"],
    ["/nothing/like/it", undefined],
    ["", undefined],
  ]) assert.equal(nearestName(typed, names), meant, typed);
});

describe("the window on the log, its timer late", () => {
  let atEnd, told, states, push, log;
  const reads = (n) => ({ offset: n, line: lineWith(String(n), { offset: n }) });
  const offsets = () => log.records.map(({ offset }) => offset);
  const upTo = (from, to) => Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const stream = (from, to) => push(upTo(from, to).map((n) => `id: e.${n}\ndata: ${reads(n).line}\n\n`).join(""));

  const { fetch } = globalThis;
  afterEach(() => (globalThis.fetch = fetch));
  beforeEach(async () => {
    atEnd = () => true;
    told = [];
    states = [];
    globalThis.fetch = async (url) => {
      if (url.includes("/log")) {
        const lines = upTo(1, 100).reverse().map((n) => `${reads(n).line}\n`);
        return new Response(lines.join(""), { headers: { "Tidemark-Head": "100", "Tidemark-First": "1" } });
      }
      const body = new ReadableStream({ start: (to) => (push = (text) => to.enqueue(new TextEncoder().encode(text))) });
      return new Response(body);
    };
    log = new LogWindow({
      replaced() {},
      appended: (records, passed) => told.push({ records, passed }),
      prepended() {},
      state: (state) => states.push(state),
      failed: (error) => assert.fail(error),
      atEnd: () => atEnd(),
    });
    push = undefined;
    await log.follow("");
    await waitFor(() => push, { what: "the stream" });
    push('id: e.100\nevent: log\ndata: {"resumed":false}\n\n');
  });

  test("leaves the end where more comes below the reader than it holds, and has no hole", async () => {
    atEnd = () => false;
    stream(101, 3_600);
    await waitFor(() => !log.live, { what: "the end left" });
    assert.equal(states.at(-1), "paused");
    assert.deepEqual(offsets(), upTo(1, 2 * RECORDS_HELD));
    assert.deepEqual(told.flatMap(({ records }) => records.map(({ offset }) => offset)), upTo(101, 2 * RECORDS_HELD));
  });

  test("shows at its end the newest, without a hole, and says what it passed over", async () => {
    stream(101, 3_600);
    await waitFor(() => told.length > 0, { what: "the newest" });
    assert.deepEqual(offsets(), upTo(2_601, 3_600));
    assert.equal(log.live, true);
    assert.deepEqual(told[0].passed, { from: 101, to: 2_600 });
    assert.deepEqual(told[0].records, log.records, "what is not held is not drawn");
  });

  test("leaves the end where the reader left it after some had been passed over", async () => {
    stream(101, 2_600);
    let asked = 0;
    atEnd = () => ++asked < 2; // while they came, and not any more when they would be drawn
    await waitFor(() => !log.live, { what: "the end left" });
    assert.deepEqual(offsets(), upTo(1, 100));
    assert.deepEqual(told, []);
  });

  test("passes over nothing where all can be held", async () => {
    stream(101, 1_100);
    await waitFor(() => told.length > 0, { what: "what came" });
    assert.deepEqual(offsets(), upTo(101, 1_100));
    assert.deepEqual(told.map(({ passed }) => passed), [undefined]);
  });
});

describe("the window on a log of long records", () => {
  const LONG = "x".repeat(CHARS_HELD / 16 - 1_000);
  const NEWEST = 100;
  let atEnd, states, push, given, log;
  const longLine = (n) => lineWith(`"${LONG}"`, { offset: n });
  const offsets = () => log.records.map(({ offset }) => offset);
  const heldChars = () => log.records.reduce((sum, record) => sum + lineOf(record).length, 0);

  const { fetch } = globalThis;
  afterEach(() => (globalThis.fetch = fetch));
  beforeEach(async () => {
    atEnd = true;
    states = [];
    given = 0;
    push = undefined;
    globalThis.fetch = async (url) => {
      const query = new URL(url, "http://log").searchParams;
      if (!url.includes("/log")) return new Response(new ReadableStream({ start: (to) => (push = (text) => to.enqueue(new TextEncoder().encode(text))) }));
      const desc = query.get("order") === "desc";
      let at = desc ? Math.min(NEWEST + 1, Number(query.get("before") ?? Infinity)) : Number(query.get("after"));
      const pull = (to) => {
        at += desc ? -1 : 1;
        if (at < 1 || at > NEWEST) return to.close();
        ++given;
        to.enqueue(new TextEncoder().encode(`${longLine(at)}\n`));
      };
      return new Response(new ReadableStream({ pull }, { highWaterMark: 0 }), { headers: { "Tidemark-Head": `${NEWEST}`, "Tidemark-First": "1" } });
    };
    log = new LogWindow({
      replaced() {},
      appended() {},
      prepended() {},
      state: (state) => states.push(state),
      failed: (error) => assert.fail(error),
      atEnd: () => atEnd,
    });
    await log.follow("");
    await waitFor(() => push, { what: "the stream" });
    push('id: e.100\nevent: log\ndata: {"resumed":false}\n\n');
  });
  const stream = (from, to) => {
    for (let n = from; n <= to; n++) push(`id: e.${n}\ndata: ${longLine(n)}\n\n`);
  };

  test("reads a few at once, and no more from the server than those", () => {
    assert.deepEqual(offsets(), [96, 97, 98, 99, 100]);
    assert.ok(given < 10, `${given} were given`);
  });

  test("reads back without a hole, and lets go of the newest", async () => {
    while (log.first > 50) {
      const before = log.first;
      assert.equal(await log.older(), true);
      assert.ok(log.first < before && heldChars() <= CHARS_HELD, `${heldChars()} characters`);
      assert.deepEqual(offsets(), Array.from({ length: log.records.length }, (_, i) => log.first + i));
    }
    assert.equal(states.at(-1), "paused");
    while (!log.live) {
      const before = log.last;
      await log.newer();
      assert.ok(log.last > before || log.live, `it stands still at ${before}`);
      assert.ok(heldChars() <= CHARS_HELD, `${heldChars()} characters`);
    }
    assert.equal(log.last, NEWEST);
  });

  test("holds no more of what comes, and of what somebody reads nothing goes", async () => {
    stream(101, 140);
    await waitFor(() => log.last === 140, { what: "the newest" });
    assert.ok(heldChars() <= CHARS_HELD, `${heldChars()} characters`);
    assert.deepEqual(offsets(), Array.from({ length: log.records.length }, (_, i) => log.first + i));
    atEnd = false;
    const { first } = log;
    stream(141, 180);
    await waitFor(() => !log.live, { what: "the end left" });
    assert.equal(log.first, first);
    assert.ok(heldChars() <= 1.5 * CHARS_HELD, `${heldChars()} characters`);
    assert.deepEqual(offsets(), Array.from({ length: log.records.length }, (_, i) => log.first + i));
  });
});
