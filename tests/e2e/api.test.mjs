// The HTTP API over a running server: reading, publishing, and who may. Every answer is held against the OpenAPI document.
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { API, Stream, assertError, assertSchema, call, document, linesOf, offsetsOf, publish, readLog } from "./api-support.mjs";
import { Client, backend, newChannel, newKey, numbered, refusals, request, serve, waitFor, within } from "./support.mjs";

const TOKEN = "a-token-that-nobody-guesses";

let server;
let url;
before(async () => {
  server = await serve();
  url = server.url;
});
after(() => server.stop());

/** Publishes over Socket.IO and gives the acks' offsets. */
async function published(t, channel, payloads) {
  const client = await Client.open(t, url, channel, { auth: { name: "Ann", history: 1 } });
  const acks = await client.publishAll(payloads);
  client.close();
  return acks.map((ack) => ack.offset);
}

describe("the log", () => {
  test("a record is given as the document has it, its payload byte for byte", async (t) => {
    const channel = newChannel();
    const text = '{"b":1.0,"a":123456789012345678901234567890,"b":"\\u2028 \u{1f30a}"}';
    const { json } = await publish(url, channel, `  ${text}\n`, { key: "k 1", query: "?sender=Ann%20B" });
    const answer = await call(url, `${API}/log/${json.offset}`);
    assert.equal(answer.status, 200);
    assert.ok(answer.text.includes(`"payload":${text}}`), answer.text);
    const { time, payload, ...rest } = answer.json;
    assert.deepEqual(rest, { offset: json.offset, channel, event: "chat message", sender: "Ann B", key: "k 1" });
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 600_000, time);
    assert.deepEqual(await readLog(url, { after: json.offset - 1, limit: 1 }), [answer.json]);
  });

  test("a payload of several lines is one line, with its exact text beside it", async () => {
    const channel = newChannel();
    const text = '{\r\n  "a": [\n1]\n}';
    await publish(url, channel, text);
    const [record] = await readLog(url, { channel });
    assert.deepEqual(record.payload, { a: [1] });
    assert.equal(record.text, text);
  });

  test("binary parts are base64 beside their placeholders", async (t) => {
    const channel = newChannel();
    await published(t, channel, [{ file: Buffer.from([0, 255]), name: "x" }]);
    const [record] = await readLog(url, { channel });
    assert.deepEqual(record.payload, { file: { _placeholder: true, num: 0 }, name: "x" });
    assert.deepEqual(record.attachments, ["AP8="]);
    assert.equal(record.sender, "Ann");
    assert.equal("key" in record, false);
  });

  test("of one channel, forward and backward, with every bound", async (t) => {
    const channel = newChannel();
    const other = newChannel();
    const offsets = [];
    for (const one of numbered("bounds", 6)) {
      offsets.push(...(await published(t, channel, [one])));
      await published(t, other, [one]);
    }
    const read = async (parameters) => offsetsOf(await readLog(url, { channel, ...parameters }));
    assert.deepEqual(await read({}), offsets);
    assert.deepEqual(await read({ order: "desc" }), offsets.toReversed());
    assert.deepEqual(await read({ limit: 2 }), offsets.slice(0, 2));
    assert.deepEqual(await read({ limit: 2, order: "desc" }), offsets.slice(-2).reverse());
    assert.deepEqual(await read({ after: offsets[1] }), offsets.slice(2));
    assert.deepEqual(await read({ before: offsets[4] }), offsets.slice(0, 4));
    assert.deepEqual(await read({ after: offsets[0], before: offsets[5] }), offsets.slice(1, 5));
    assert.deepEqual(await read({ after: offsets[0], before: offsets[5], order: "desc", limit: 3 }), offsets.slice(2, 5).reverse());
    assert.deepEqual(await read({ after: offsets[5] }), []);
    assert.deepEqual(await readLog(url, { channel: newChannel() }), []);
  });

  test("of all channels, forward and backward", async (t) => {
    const first = (await published(t, newChannel(), ["all 1"]))[0];
    await published(t, newChannel(), ["all 2"]);
    await published(t, newChannel(), ["all 3"]);
    const forward = await readLog(url, { after: first - 1, limit: 3 });
    assert.deepEqual(offsetsOf(forward), [first, first + 1, first + 2]);
    assert.deepEqual(forward.map((record) => record.payload), ["all 1", "all 2", "all 3"]);
    const backward = await readLog(url, { before: first + 3, limit: 3, order: "desc" });
    assert.deepEqual(backward, forward.toReversed());
  });

  test("by time: since is not older, until is older", async (t) => {
    const channel = newChannel();
    const before = await published(t, channel, numbered("then", 3));
    const [{ time }] = await readLog(url, { channel, order: "desc", limit: 1 });
    const mark = new Date(Date.parse(time) + 1).toISOString();
    await waitFor(() => Date.now() > Date.parse(mark), { what: "a later millisecond" });
    const later = await published(t, channel, numbered("later", 2));
    assert.deepEqual(offsetsOf(await readLog(url, { channel, since: mark })), later);
    assert.deepEqual(offsetsOf(await readLog(url, { channel, until: mark })), before);
    assert.deepEqual(offsetsOf(await readLog(url, { channel, since: "2000-01-01T00:00:00+02:00" })), [...before, ...later]);
    assert.deepEqual(await readLog(url, { channel, since: "2900-01-01T00:00:00Z" }), []);
  });

  test("a long answer comes in pages that make one whole", async (t) => {
    const channel = newChannel();
    const offsets = await published(t, channel, numbered("x".repeat(300), 2500));
    const whole = await readLog(url, { channel, limit: 100000 });
    assert.deepEqual(offsetsOf(whole), offsets);
    assert.deepEqual(offsetsOf(await readLog(url, { channel, limit: 100000, order: "desc" })), offsets.toReversed());
    assert.deepEqual(offsetsOf(await readLog(url, { channel, limit: 1700 })), offsets.slice(0, 1700));
    const all = await readLog(url, { after: offsets[0] - 1, limit: 100000 });
    assert.deepEqual(offsetsOf(all), Array.from({ length: all.length }, (_, i) => offsets[0] + i));
  });

  test("an HTTP/1.0 client gets the same without chunks, ended by the connection", async (t) => {
    const channel = newChannel();
    await published(t, channel, numbered("old", 3));
    const text = await rawRequest(`GET ${API}/log?channel=${encodeURIComponent(channel)} HTTP/1.0\r\nHost: localhost\r\n\r\n`);
    const [head, body] = text.split("\r\n\r\n");
    assert.doesNotMatch(head, /transfer-encoding|content-length/i);
    assert.match(head, /connection: close/i);
    assert.equal(linesOf(body).length, 3);
  });

  test("a connection goes on after a streamed answer", async (t) => {
    const channel = newChannel();
    await published(t, channel, ["kept alive"]);
    const get = `GET ${API}/log?channel=${encodeURIComponent(channel)} HTTP/1.1\r\nHost: localhost\r\n`;
    const text = await rawRequest(`${get}\r\n${get}Connection: close\r\n\r\n`);
    assert.equal(text.split("HTTP/1.1 200 OK").length, 3, text);
    assert.equal(text.split('"payload":"kept alive"').length, 3, text);
  });

  test("who reads slowly holds nobody up and gets everything", async (t) => {
    const channel = newChannel();
    const offsets = await published(t, channel, Array.from({ length: 40 }, (_, i) => `${i} ${"y".repeat(100_000)}`));
    const response = await fetch(`${url}${API}/log?channel=${encodeURIComponent(channel)}`);
    // Not read: in the meantime others publish and read as ever.
    const quick = newChannel();
    await published(t, quick, ["quick"]);
    assert.equal((await readLog(url, { channel: quick })).length, 1);
    assert.deepEqual(offsetsOf(linesOf(await response.text())), offsets);
  });

  test("a client that leaves in the middle of an answer is forgotten", async (t) => {
    const channel = newChannel();
    await published(t, channel, Array.from({ length: 20 }, (_, i) => `${i} ${"z".repeat(100_000)}`));
    for (let i = 0; i < 10; i++) {
      const aborting = new AbortController();
      await fetch(`${url}${API}/log?channel=${encodeURIComponent(channel)}`, { signal: aborting.signal });
      aborting.abort();
    }
    assert.equal((await readLog(url, { channel, limit: 1 })).length, 1);
  });

  test("the head says which log it is", async () => {
    const answer = await call(url, `${API}/log?limit=1`);
    const { json } = await call(url, `${API}/info`);
    assert.equal(answer.headers.get("tidemark-epoch"), json.epoch);
    assert.equal(answer.headers.get("tidemark-first"), String(json.first));
    assert.ok(Number(answer.headers.get("tidemark-head")) <= json.head);
    const head = await call(url, `${API}/log`, { method: "HEAD" });
    assert.deepEqual([head.status, head.text], [200, ""]);
    // RFC 9110 section 8.6: no length but that of the answer to a GET, which has none.
    for (const path of ["/log", "/stream"]) {
      for (const [version, framing] of [["1.1", /\r\nTransfer-Encoding: chunked\r\n/], ["1.0", /\r\nConnection: close\r\n/]]) {
        const text = await rawRequest(`HEAD ${API}${path} HTTP/${version}\r\nHost: localhost\r\nConnection: close\r\n\r\n`, new URL(url).port);
        assert.match(text, framing);
        assert.doesNotMatch(text, /content-length/i);
        assert.ok(text.endsWith("\r\n\r\n") && text.indexOf("\r\n\r\n") === text.length - 4, text);
      }
    }
  });
});

describe("what is wrong with a request is said", () => {
  for (const [query, code, ...words] of [
    ["after=-1", "bad_parameter", "after", "0 to 9007199254740991"],
    ["after=x", "bad_parameter", "after"],
    ["after=9007199254740992", "bad_parameter", "after"],
    ["before=", "bad_parameter", "before"],
    ["limit=0", "bad_parameter", "limit", "1 to 100000"],
    ["limit=100001", "bad_parameter", "limit", "1 to 100000"],
    ["order=up", "bad_parameter", "order", "asc or desc"],
    ["since=yesterday", "bad_parameter", "since", "2026-11-25T22:00:00Z"],
    ["until=2026-02-30T00:00:00Z", "bad_parameter", "until"],
    ["channel=chat", "bad_parameter", "channel", "'/'"],
    ["afer=17", "unknown_parameter", "afer", "after, before, channel, limit, order, since, until"],
    ["limit=1&limit=2", "bad_parameter", "limit", "once"],
    ["channel=%ff", "bad_parameter", "UTF-8"],
    ["channel=%2", "bad_parameter", "percent-encoded"],
  ]) {
    test(`GET /api/v1/log?${query}`, async () => assertError(await call(url, `${API}/log?${query}`), 400, code, ...words));
  }

  test("an offset that is none, not there yet, or no path at all", async () => {
    assertError(await call(url, `${API}/log/x`), 400, "bad_offset", "1 to");
    assertError(await call(url, `${API}/log/0`), 400, "bad_offset");
    assertError(await call(url, `${API}/log/9007199254740991`), 404, "not_found", "9007199254740991");
    assertError(await call(url, `${API}/nothing`), 404, "not_found", "openapi.json");
    assertError(await call(url, "/api/v2/log"), 404, "not_found");
    assertError(await call(url, `${API}/info?verbose=1`), 400, "unknown_parameter", "verbose");
  });

  test("another method", async () => {
    const answer = await request(url, `${API}/log`, { method: "DELETE" });
    assert.equal(answer.status, 405);
    assert.equal(answer.headers.get("allow"), "GET, HEAD");
    assert.equal(JSON.parse(answer.text).error.code, "method_not_allowed");
  });
});

describe("channels, info, recoveries", () => {
  test("channels are counted, and counted on", async (t) => {
    const channel = newChannel();
    const of = async () => (await call(url, `${API}/channels`)).json.channels.find((one) => one.channel === channel);
    assert.equal(await of(), undefined);
    const offsets = await published(t, channel, ["a", "bb"]);
    const one = await of();
    assert.deepEqual([one.records, one.first, one.last], [2, offsets[0], offsets[1]]);
    assert.equal(one.last_time, (await readLog(url, { channel, order: "desc", limit: 1 }))[0].time);
    offsets.push(...(await published(t, channel, ["ccc"])));
    const two = await of();
    assert.deepEqual([two.records, two.first, two.last], [3, offsets[0], offsets[2]]);
    assert.ok(two.bytes > one.bytes);
  });

  test("channels are sorted by name and add up to the log", async () => {
    const { json } = await call(url, `${API}/channels`);
    const names = json.channels.map((one) => one.channel);
    assert.deepEqual(names, names.toSorted());
    assert.equal(json.channels.reduce((sum, one) => sum + one.records, 0), json.head - json.first + 1);
  });

  test("info says what the log is and counts what is stored", async (t) => {
    const { json: before } = await call(url, `${API}/info`);
    const key = newKey();
    await publish(url, "/", "1", { key });
    await publish(url, "/", "1", { key });
    const { json } = await call(url, `${API}/info`);
    assert.equal(json.engine, backend);
    assert.match(json.epoch, /^[0-9a-f]{16}$/);
    assert.equal(json.head, before.head + 1);
    assert.equal(json.since_start.records, before.since_start.records + 1);
    assert.equal(json.since_start.duplicates, before.since_start.duplicates + 1);
    assert.deepEqual(json.channel_patterns, ["/", "/chat/*"]);
    assert.equal(json.writable, true);
    assert.deepEqual(json.holes, []);
  });

  test("a recovery is counted and listed with its client, channel and place", async (t) => {
    const channel = newChannel();
    const client = await Client.open(t, url, channel, { auth: { name: "Ann" } });
    const { json: first } = await call(url, `${API}/recoveries`);
    const fresh = first.latest.find((one) => one.channel === channel);
    assert.deepEqual([fresh.way, fresh.sender, fresh.sid], ["new", "Ann", client.socket.id]);
    const { offset } = await client.publish("before the drop");
    await client.receives(1);
    client.drop();
    await client.connected(2);
    assert.equal(client.connects[1].recovered, true);
    const { json: second } = await call(url, `${API}/recoveries`);
    const back = second.latest.find((one) => one.channel === channel);
    assert.deepEqual([back.way, back.after, back.sid], ["resumed", offset, client.socket.id]);
    assert.equal(second.resumed, first.resumed + 1);
  });
});

describe("publishing", () => {
  test("is answered with the offset, broadcast to everyone, and stored once per key", async (t) => {
    const channel = newChannel();
    const client = await Client.open(t, url, channel);
    const key = newKey();
    const first = await publish(url, channel, '{"text":"over HTTP"}', { key });
    assert.equal(first.status, 201);
    assert.equal(first.json.duplicate, false);
    assert.equal(first.headers.get("location"), `${API}/log/${first.json.offset}`);
    const [message] = await client.receives(1);
    assert.deepEqual([message.payload, message.offset], [{ text: "over HTTP" }, first.json.offset]);
    const again = await publish(url, channel, '{"text":"over HTTP"}', { key });
    assert.deepEqual([again.status, again.json], [200, { offset: first.json.offset, duplicate: true }]);
    // The key is the client key of Socket.IO: one window for both.
    const ack = await client.publish({ text: "over HTTP" }, key);
    assert.deepEqual(ack, { offset: first.json.offset, duplicate: true });
  });

  test("many at once are stored once each, in an order", async () => {
    const channel = newChannel();
    const answers = await Promise.all(numbered("many", 200).map((one) => publish(url, channel, JSON.stringify(one), { key: one })));
    assert.ok(answers.every((answer) => answer.status === 201));
    const records = await readLog(url, { channel, limit: 1000 });
    assert.equal(records.length, 200);
    assert.deepEqual(new Set(answers.map((answer) => answer.json.offset)), new Set(offsetsOf(records)));
  });

  for (const [what, body, status, code, options, ...words] of [
    ["no JSON", "{", 400, "bad_payload"],
    ["nothing", "", 400, "bad_payload"],
    ["two values", "1 2", 400, "bad_payload"],
    ["JSON too deep", "[".repeat(65) + "]".repeat(65), 400, "too_deep", {}, "64"],
    ["bytes that are no UTF-8", Buffer.from([0x22, 0xff, 0x22]), 400, "bad_payload", {}, "UTF-8"],
    ["an event that is not stored", "1", 400, "unknown_event", { query: "?event=typing" }, "chat message"],
    ["a key that is too long", "1", 400, "bad_client_key", { key: "k".repeat(256) }, "255"],
    ["a sender that is too long", "1", 400, "bad_parameter", { query: `?sender=${"s".repeat(256)}` }, "sender"],
  ]) {
    test(`${what} is refused`, async () => assertError(await publish(url, "/", body, options), status, code, ...words));
  }

  test("a channel the server has not is refused, with those it has", async () => {
    for (const channel of ["/nowhere", "/chat/", "chat", "/chat/a\u0001"]) {
      assertError(await publish(url, channel, "1"), 404, "unknown_channel", "/chat/*");
    }
  });

  test("what is above max-payload is refused", async () => {
    const answer = await request(url, `${API}/channels/%2F/records`, { method: "POST", body: `"${"x".repeat(1_000_001)}"` });
    assert.equal(answer.status, 413);
    assert.equal(answer.text, "Content Too Large: at most 1000000 bytes (--max-payload)\n");
  });

  test("more at once than the sequencer's queue holds wait for room, and are all stored", async (t) => {
    const channel = newChannel();
    const text = (i) => `"${i} ${"x".repeat(900_000)}"`; // 60 of them are more than kSequencerQueueBytes
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => publish(url, channel, text(i))));
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([201]));
    assert.equal((await readLog(url, { channel, limit: 100 })).length, 60);
  });

  test("while the disk has no room: 503, why, and when to try again", { skip: backend === "memory" && "memory has no disk" }, async (t) => {
    const full = await serve(t, ["--min-free", "1024GiB"]);
    const answer = await publish(full.url, "/", "1", { key: "again" });
    assertError(answer, 503, "not_stored", "free");
    assert.equal(answer.headers.get("retry-after"), "1");
    const { json } = await call(full.url, `${API}/info`);
    assert.equal(json.writable, false);
    assert.match(json.why_not_writable, /free/);
    assert.equal(json.head, 0);
  });

  test("above the rate of one connection: 429", async (t) => {
    const limited = await serve(t, ["--publish-rate", "2"]);
    const post = `POST ${API}/channels/%2F/records HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n`;
    const text = await rawRequest(`${post}\r\n1${post}\r\n1${post}Connection: close\r\n\r\n1`, limited.port);
    assert.deepEqual(text.match(/HTTP\/1\.1 \d+/g), ["HTTP/1.1 201", "HTTP/1.1 201", "HTTP/1.1 429"]);
    assert.match(text, /Retry-After: 1\r\n/);
    assert.match(text, /"code":"rate_exceeded"/);
    assert.equal((await refusals(limited)).get("rate_exceeded"), 1);
  });
});

describe("publishing many, a line each,", () => {
  const lines = { "content-type": "application/x-ndjson" };
  const publishLines = (base, channel, values, options) =>
    publish(base, channel, values.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n"), { headers: lines, ...options });

  test("is answered with a line for each, in order, and each is stored once per key", async (t) => {
    const channel = newChannel();
    const client = await Client.open(t, url, channel);
    const values = ['{"payload":1.50}', { payload: { text: "two" }, key: newKey() }, "", '{"payload": [ 3 ] }\r'];
    const answer = await publishLines(url, channel, values, { query: "?sender=ann" });
    assert.equal(answer.status, 200);
    assert.equal(answer.type, "application/x-ndjson");
    const told = linesOf(answer.text);
    assert.deepEqual(told.map(({ duplicate }) => duplicate), [false, false, false]);
    const records = await readLog(url, { channel });
    assert.deepEqual(offsetsOf(records), told.map(({ offset }) => offset));
    assert.deepEqual(records.map(({ sender, key }) => [sender, key ?? null]), [["ann", null], ["ann", values[1].key], ["ann", null]]);
    assert.deepEqual((await client.receives(3)).map(({ payload }) => payload), [1.5, { text: "two" }, [3]]);
    const again = await publishLines(url, channel, [{ payload: 4 }, values[1]], { headers: { "content-type": "Application/X-NDJSON ; charset=utf-8" } });
    assert.deepEqual(linesOf(again.text).map(({ duplicate }) => duplicate), [false, true]);
    assert.equal(linesOf(again.text)[1].offset, told[1].offset);
  });

  for (const [what, values, code, ...words] of [
    ["no JSON", ['{"payload":1}', "{"], "bad_payload", "line 2"],
    ["no object", ['{"payload":1}', "", "2"], "bad_payload", "line 3"],
    ["no payload", ['{"key":"k"}'], "bad_payload", "line 1"],
    ["a member that is not known", ['{"payload":1,"kye":"k"}'], "bad_payload", "line 1"],
    ["a key that is no text", ['{"payload":1,"key":17}'], "bad_client_key", "line 1"],
    ["an empty key", ['{"payload":1,"key":""}'], "bad_client_key", "line 1"],
    ["JSON too deep", ['{"payload":1}', `{"payload":${"[".repeat(65) + "]".repeat(65)}}`], "too_deep", "line 2", "64"],
    ["no line at all", ["", " "], "bad_payload", "has none"],
    ["more lines than may be", Array(1001).fill('{"payload":1}'), "too_many_records", "1000"],
  ]) {
    test(`${what} is refused, and nothing is stored`, async () => {
      const channel = newChannel();
      assertError(await publishLines(url, channel, values), 400, code, ...words);
      assert.deepEqual(await readLog(url, { channel }), []);
    });
  }

  test("names the log it is stored in, and goes into no other than the one it means, alone and among many", async (t) => {
    const [one, other] = [await serve(t), await serve(t)];
    for (const [send, payload] of [[publish, "1"], [publishLines, ['{"payload":2}']]]) {
      const stored = await send(one.url, "/", payload);
      const meant = stored.headers.get("tidemark-epoch");
      assert.equal(meant, (await call(one.url, `${API}/info`)).json.epoch);
      const headers = { "tidemark-epoch": meant, ...(send === publish ? {} : lines) };
      assertError(await send(other.url, "/", payload, { headers }), 412, "another_log", (await call(other.url, `${API}/info`)).json.epoch);
      assert.ok((await send(one.url, "/", payload, { headers })).status < 300);
    }
    assert.deepEqual((await readLog(one.url)).map(({ payload }) => payload), [1, 1, 2, 2]);
    assert.deepEqual(await readLog(other.url), []);
  });

  test("with one key for all is refused, and as deep as a single one may be is not", async () => {
    const channel = newChannel();
    assertError(await publishLines(url, channel, ['{"payload":1}'], { key: "k" }), 400, "bad_client_key", "each");
    assert.equal((await publishLines(url, channel, [`{"payload":${"[".repeat(64) + "]".repeat(64)}}`])).status, 200);
  });

  test("more of them than a connection's share of the queue are stored in their order", async (t) => {
    const channel = newChannel();
    const others = await Promise.all(numbered("other", 20).map((text) => Client.open(t, url, newChannel()).then((one) => [one, text])));
    const busy = others.map(([one, text]) => one.publish(text));
    const values = Array.from({ length: 1000 }, (_, i) => ({ payload: i }));
    const answers = await Promise.all([1, 2, 3].map(() => publishLines(url, channel, values)));
    await Promise.all(busy);
    for (const { text } of answers) {
      const offsets = offsetsOf(linesOf(text));
      assert.equal(offsets.length, 1000);
      assert.deepEqual(offsets, offsets.toSorted((a, b) => a - b));
    }
    const records = await readLog(url, { channel, limit: 10_000 });
    const payloads = new Map(records.map(({ offset, payload }) => [offset, payload]));
    for (const { text } of answers) assert.deepEqual(offsetsOf(linesOf(text)).map((offset) => payloads.get(offset)), values.map(({ payload }) => payload));
  });

  test("above the rate of one connection: those within it are stored, and the next one says why", async (t) => {
    const limited = await serve(t, ["--publish-rate", "2"]);
    const values = [1, 2, 3, 4].map((payload) => ({ payload }));
    const answer = await publishLines(limited.url, "/", values);
    assert.equal(answer.status, 200);
    assert.deepEqual(linesOf(answer.text).map((line) => line.error?.code ?? line.offset), [1, 2, "rate_exceeded"]);
    assert.equal((await refusals(limited)).get("rate_exceeded"), 1);
    assert.equal((await readLog(limited.url)).length, 2);
  });

  test("while the disk has no room: 503, as of a single one", { skip: backend === "memory" && "memory has no disk" }, async (t) => {
    const full = await serve(t, ["--min-free", "1024GiB"]);
    assertError(await publishLines(full.url, "/", [{ payload: 1 }, { payload: 2 }]), 503, "not_stored", "free");
  });
});

describe("who may", () => {
  const paths = ["/log", "/log/1", "/channels", "/info", "/losses", "/recoveries", "/stream"];
  const everyPath = async (base, options, check) => {
    for (const path of paths) check(await call(base, API + path, options), path);
    check(await publish(base, "/", "1", { headers: options.headers }), "POST");
  };

  test("a page of a foreign origin may not, one of localhost may", async () => {
    await everyPath(url, { headers: { origin: "https://stranger.example" } }, (answer) => {
      assertError(answer, 403, "origin_not_allowed", "--cors-origin");
      assert.equal(answer.headers.get("access-control-allow-origin"), null);
    });
    const friend = await call(url, `${API}/info`, { headers: { origin: "http://localhost:8080" } });
    assert.equal(friend.status, 200);
    assert.equal(friend.headers.get("access-control-allow-origin"), "http://localhost:8080");
    assert.match(friend.headers.get("access-control-expose-headers"), /Tidemark-Head/);
    const preflight = await call(url, `${API}/info`, {
      method: "OPTIONS",
      headers: { origin: "http://localhost:8080", "access-control-request-headers": "authorization" },
    });
    assert.equal(preflight.status, 204);
    assert.match(preflight.headers.get("access-control-allow-headers"), /Authorization.*Idempotency-Key.*Last-Event-ID.*Tidemark-Epoch/);
  });

  test("a name that was made to lead here may not, nor what a proxy passes on", async () => {
    const ask = (fields) => rawRequest(`GET ${API}/info HTTP/1.1\r\n${fields}Connection: close\r\n\r\n`);
    assert.match(await ask("Host: evil.example\r\n"), /^HTTP\/1\.1 403 [^]*"host_not_allowed"/);
    for (const field of ["X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.7", "X-Real-IP: 192.0.2.7", "Via: 1.1 proxy"]) {
      assert.match(await ask(`Host: localhost\r\n${field}\r\n`), /^HTTP\/1\.1 403 [^]*"token_not_configured"/);
    }
    assert.match(await ask(`Host: 127.0.0.1:${server.port}\r\n`), /^HTTP\/1\.1 200 /);
  });

  test("`*` on the allow-list lets no foreign page in without a token", async (t) => {
    const open = await serve(t, ["--cors-origin", "*"]);
    const headers = { origin: "http://evil.example" };
    await everyPath(open.url, { headers }, (answer) => {
      assertError(answer, 403, "origin_not_allowed", "--cors-origin", "--api-token");
      assert.equal(answer.headers.get("access-control-allow-origin"), null);
    });
    const preflight = await call(open.url, `${API}/info`, { method: "OPTIONS", headers });
    assert.equal(preflight.status, 403);
    assert.equal(preflight.headers.get("access-control-allow-origin"), null);
    const rebound = "Host: rebound.example\r\nOrigin: http://rebound.example\r\n";
    assert.match(await rawRequest(`GET ${API}/info HTTP/1.1\r\n${rebound}Connection: close\r\n\r\n`, open.port), /^HTTP\/1\.1 403 /);
    const guarded = await serve(t, ["--cors-origin", "*"], { env: { TIDEMARK_API_TOKEN: TOKEN } });
    const friend = await call(guarded.url, `${API}/info`, { headers: { ...headers, authorization: `Bearer ${TOKEN}` } });
    assert.equal(friend.status, 200);
    assert.equal(friend.headers.get("access-control-allow-origin"), headers.origin);
  });

  test("with a token: whoever sends it, and nobody else", async (t) => {
    const guarded = await serve(t, ["--log-level", "debug"], { env: { TIDEMARK_API_TOKEN: TOKEN } });
    await everyPath(guarded.url, { headers: {} }, (answer) => {
      assertError(answer, 401, "token_needed", "--api-token", "Authorization: Bearer");
      assert.equal(answer.headers.get("www-authenticate"), "Bearer");
    });
    for (const wrong of ["Bearer x", `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`]) {
      const answer = await call(guarded.url, `${API}/info`, { headers: { authorization: wrong } });
      assertError(answer, 401, "token_wrong", "is not the server's --api-token");
    }
    for (const other of [`Basic ${TOKEN}`, TOKEN, "Bearer "]) {
      assertError(await call(guarded.url, `${API}/info`, { headers: { authorization: other } }), 401, "token_needed", "send the server's --api-token");
    }
    const headers = { authorization: `bearer  ${TOKEN}` };
    assert.equal((await call(guarded.url, `${API}/info`, { headers })).status, 200);
    assert.equal((await publish(guarded.url, "/", "1", { headers })).status, 201);
    assert.equal((await readLog(guarded.url, {}, { headers })).length, 1);
    const behindProxy = { ...headers, "x-forwarded-for": "192.0.2.7" };
    assert.equal((await call(guarded.url, `${API}/info`, { headers: behindProxy })).status, 200);
    assert.doesNotMatch(guarded.stderr, new RegExp(TOKEN), "the token is in the journal");
  });

  const address = Object.values(networkInterfaces()).flat().find((one) => one.family === "IPv4" && !one.internal)?.address;
  test("from another address than this machine's own: not without a token", { skip: address ? false : "this machine has no other address" }, async (t) => {
    const open = await serve(t, ["--host", "0.0.0.0"]);
    await everyPath(`http://${address}:${open.port}`, { headers: {} }, (answer) => {
      assertError(answer, 403, "token_not_configured", "--api-token");
    });
    assert.equal((await call(`http://127.0.0.1:${open.port}`, `${API}/info`)).status, 200);
    assert.match(await rawRequest(`GET ${API}/info HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`, open.port), /host_not_allowed/);
    const guarded = await serve(t, ["--host", "0.0.0.0"], { env: { TIDEMARK_API_TOKEN: TOKEN } });
    const headers = { authorization: `Bearer ${TOKEN}` };
    assert.equal((await call(`http://${address}:${guarded.port}`, `${API}/info`, { headers })).status, 200);
  });
});

// Of what is newer than the last finished index segment every record is read at the start.
const SEGMENT = 16_384;

test("a damaged record is named, and everything else can be read", { skip: backend !== "sqlite" && "the bytes of SQLite's file are changed" }, async (t) => {
  const first = await serve(t);
  const channel = "/chat/damaged";
  for (const text of ["one", "two", "a text that will be damaged", "four"]) await publish(first.url, channel, JSON.stringify(text));
  const client = await Client.open(t, first.url, "/chat/padding", { auth: { history: 1 } });
  await client.publishAll(numbered("padding", SEGMENT));
  client.close();
  await first.stop();
  const file = join(first.data, "tidemark.sqlite3");
  const bytes = readFileSync(file);
  bytes[bytes.indexOf("a text that will be damaged")] ^= 1;
  writeFileSync(file, bytes);
  const damaged = await serve(t, [], { data: first.data });
  assert.deepEqual((await call(damaged.url, `${API}/info`)).json.unreadable, []);
  for (const parameters of [{}, { channel }]) {
    const forward = await readLog(damaged.url, { ...parameters, before: 5 });
    assert.deepEqual(offsetsOf(forward), [1, 2, undefined]);
    assert.deepEqual([forward[2].error.code, forward[2].error.offset], ["damaged", 3]);
    assert.match(forward[2].error.message, /offset 3 /);
    const backward = await readLog(damaged.url, { ...parameters, before: 5, order: "desc" });
    assert.deepEqual(offsetsOf(backward), [4, undefined]);
    assert.match(backward[1].error.message, /offset 3 /);
    assert.equal(backward[1].error.offset, 3);
    const answer = await call(damaged.url, `${API}/log?${new URLSearchParams({ ...parameters, after: 2 })}`);
    assertError(answer, 500, "damaged", "offset 3 ");
    assert.equal(answer.json.error.offset, 3);
    assert.deepEqual(offsetsOf(await readLog(damaged.url, { ...parameters, after: 3, before: 5 })), [4]);
    const stream = await Stream.open(t, damaged.url, { ...parameters, after: 0 });
    await waitFor(() => stream.ended, { what: "the end at the damage" });
    assert.deepEqual(offsetsOf(stream.records()), [1, 2]);
    assert.equal(stream.events.at(-1).event, "unreadable");
    assert.match(stream.events.at(-1).data.error.message, /offset 3 /);
    assert.equal(stream.events.at(-1).data.error.offset, 3);
  }
  const one = await call(damaged.url, `${API}/log/3`);
  assertError(one, 500, "damaged", "offset 3 ");
  assert.equal(one.json.error.offset, 3);
  // Nobody but readers of the API has met it: the operator is told all the same, once.
  const { unreadable } = (await call(damaged.url, `${API}/info`)).json;
  assert.deepEqual(unreadable.map(({ offset, times }) => [offset, times]), [[3, 9]]);
  assert.match((await request(damaged.url, "/readyz")).text, /^ready, but of the log one place could not be read.*offset 3 /);
  const lines = damaged.stderr.split("\n").filter((line) => /event=read_failed .*offset 3 /.test(line));
  assert.equal(lines.length, 1, damaged.stderr);
  const { json } = await call(damaged.url, `${API}/channels`);
  assert.deepEqual([json.unreadable, json.channels.map(({ records }) => records)], [1, [3, SEGMENT]]);
});

test("the document is served as it stands in the repository, and every schema of it is sound", async () => {
  const answer = await request(url, `${API}/openapi.json`);
  assert.equal(answer.status, 200);
  assert.deepEqual(JSON.parse(answer.text), document);
  for (const name of Object.keys(document.components.schemas)) {
    assert.throws(() => assertSchema(name, "not an object"), `${name} takes anything`);
  }
});

/** Sends bytes and gives all that comes until the server closes. */
function rawRequest(bytes, port = server.port) {
  return within(
    new Promise((resolve, reject) => {
      const socket = net.connect({ port, host: "localhost" });
      let text = "";
      socket.setEncoding("utf8").on("data", (more) => (text += more));
      socket.on("error", reject).on("close", () => resolve(text));
      socket.write(bytes);
    }),
    "the end of a raw answer",
  );
}
