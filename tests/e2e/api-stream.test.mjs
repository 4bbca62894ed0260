// GET /api/v1/stream: the log as Server-Sent Events, complete and in order through drops, restarts, trimming and damage, and
// who reads slowly is a cursor.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { API, Stream, assertError, call, offsetsOf, publish, readLog } from "./api-support.mjs";
import { Client, backend, newChannel, numbered, serve, startServer, tempDir, waitFor } from "./support.mjs";

let server;
let url;
before(async () => {
  server = await serve();
  url = server.url;
});
after(() => server.stop());

const publishAll = async (base, channel, payloads) => {
  const offsets = [];
  for (const one of payloads) offsets.push((await publish(base, channel, JSON.stringify(one))).json.offset);
  return offsets;
};
const positionOf = (stream, offset) => `${stream.start.epoch}.${offset}`;

describe("a stream", () => {
  test("begins with what comes from now on, and says where that is", async (t) => {
    const channel = newChannel();
    await publishAll(url, channel, ["before"]);
    const stream = await Stream.open(t, url, { channel });
    const { json } = await call(url, `${API}/info`);
    assert.deepEqual([stream.start.epoch, stream.start.after, stream.start.resumed], [json.epoch, json.head, false]);
    const offsets = await publishAll(url, channel, numbered("live", 3));
    assert.deepEqual(offsetsOf(await stream.receives(3)), offsets);
    assert.deepEqual(stream.records(), await readLog(url, { channel, after: offsets[0] - 1 }));
    assert.deepEqual(stream.events.slice(1).map(({ id }) => id), offsets.map((offset) => positionOf(stream, offset)));
  });

  test("begins after an offset, and goes on live without a gap or a repeat", async (t) => {
    const channel = newChannel();
    const other = newChannel();
    const payloads = numbered("after", 60);
    const offsets = [];
    for (const one of payloads) {
      offsets.push(...(await publishAll(url, channel, [one])));
      await publishAll(url, other, [one]);
      if (offsets.length === 30) break;
    }
    const stream = await Stream.open(t, url, { channel, after: offsets[9] });
    for (const one of payloads.slice(30)) {
      offsets.push(...(await publishAll(url, channel, [one])));
      await publishAll(url, other, [one]);
    }
    assert.deepEqual(offsetsOf(await stream.receives(50)), offsets.slice(10));
  });

  test("of all channels gives every record of the log", async (t) => {
    const stream = await Stream.open(t, url, { after: 0 });
    const [last] = await publishAll(url, newChannel(), ["the last"]);
    await stream.receives(last);
    assert.deepEqual(offsetsOf(stream.records()), Array.from({ length: last }, (_, i) => i + 1));
  });

  test("many of them get the same", async (t) => {
    const channel = newChannel();
    const streams = await Promise.all(Array.from({ length: 20 }, () => Stream.open(t, url, { channel })));
    const client = await Client.open(t, url, channel);
    const offsets = (await client.publishAll(numbered("many", 100))).map(({ offset }) => offset);
    for (const stream of streams) assert.deepEqual(offsetsOf(await stream.receives(100)), offsets);
  });

  test("goes on at the position the client sends, whatever `after` says", async (t) => {
    const channel = newChannel();
    const offsets = await publishAll(url, channel, numbered("resumed", 5));
    const first = await Stream.open(t, url, { channel, after: 0 });
    await first.receives(5);
    const again = await Stream.open(t, url, { channel, after: 0 }, { "last-event-id": positionOf(first, offsets[2]) });
    assert.equal(again.start.resumed, true);
    assert.deepEqual(offsetsOf(await again.receives(2)), offsets.slice(3));
  });

  test("of another log, or of none, begins at the first record and says so", async (t) => {
    const channel = newChannel();
    const offsets = await publishAll(url, channel, ["a", "b"]);
    const { json } = await call(url, `${API}/info`);
    for (const id of ["0123456789abcdef.1", "nonsense", `${json.epoch}.${json.head + 1000}`]) {
      const stream = await Stream.open(t, url, { channel }, { "last-event-id": id });
      assert.deepEqual([stream.start.after, stream.start.resumed], [0, false], id);
      assert.deepEqual(offsetsOf(await stream.receives(2)), offsets);
    }
  });

  test("from ahead of the log begins at its head, which the first event says", async (t) => {
    const channel = newChannel();
    await publishAll(url, channel, ["a"]);
    const { json } = await call(url, `${API}/info`);
    const stream = await Stream.open(t, url, { channel, after: json.head + 1000 });
    assert.deepEqual([stream.start.head, stream.start.after, stream.start.resumed], [json.head, json.head, false]);
    const offsets = await publishAll(url, channel, ["b"]);
    assert.deepEqual(offsetsOf(await stream.receives(1)), offsets);
  });

  test("that is not read is a cursor: publishers and others go on, and it gets everything later", async (t) => {
    const channel = newChannel();
    const slow = await Stream.open(t, url, { channel });
    const quick = await Stream.open(t, url, { channel });
    slow.pause();
    const client = await Client.open(t, url, channel, { auth: { history: 1 } });
    const payloads = Array.from({ length: 60 }, (_, i) => `${i} ${"x".repeat(200_000)}`);
    const offsets = [];
    for (const one of payloads) offsets.push((await client.publish(one)).offset);
    assert.deepEqual(offsetsOf(await quick.receives(60)), offsets);
    assert.ok(slow.records().length < 60);
    slow.resume();
    assert.deepEqual(offsetsOf(await slow.receives(60)), offsets);
  });

  test("ends when the server stops, and goes on where it was at the next one", async (t) => {
    if (backend === "memory") return t.skip("nothing outlives the process");
    const data = tempDir();
    const first = await serve(t, [], { data });
    const channel = newChannel();
    const stream = await Stream.open(t, first.url, { channel });
    const offsets = await publishAll(first.url, channel, ["a", "b"]);
    await stream.receives(2);
    await first.stop();
    await waitFor(() => stream.ended, { what: "the end of the stream" });
    const second = await serve(t, [], { data });
    offsets.push(...(await publishAll(second.url, channel, ["c"])));
    const again = await Stream.open(t, second.url, { channel }, { "last-event-id": stream.events.at(-1).id });
    assert.equal(again.start.resumed, true);
    assert.deepEqual(offsetsOf(await again.receives(1)), offsets.slice(2));
  });

  test("says where records were trimmed, of all channels and of one", async (t) => {
    const small = await serve(t, ["--retain-records", "10"]);
    const channel = newChannel();
    await publishAll(small.url, channel, numbered("trimmed", 30));
    await waitFor(async () => (await call(small.url, `${API}/info`)).json.first === 21, { what: "the trim" });
    for (const parameters of [{ after: 5 }, { after: 5, channel }]) {
      const stream = await Stream.open(t, small.url, parameters);
      assert.deepEqual(offsetsOf(await stream.receives(10)), Array.from({ length: 10 }, (_, i) => 21 + i));
      assert.deepEqual(stream.gaps(), [{ from: 6, to: 20, reason: "trimmed" }]);
      assert.equal(stream.events[1].event, "gap");
      assert.equal(stream.events[1].id, positionOf(stream, 20));
    }
    assertError(await call(small.url, `${API}/log/3`), 404, "trimmed", "21");
    assert.deepEqual(offsetsOf(await readLog(small.url, { limit: 2 })), [21, 22]);
    const { json } = await call(small.url, `${API}/channels`);
    assert.deepEqual(json.channels.map(({ channel: name, records, first }) => [name, records, first]), [[channel, 10, 21]]);
  });

  test("what is wrong with its request is said", async () => {
    assertError(await call(url, `${API}/stream?after=now`), 400, "bad_parameter", "after", "latest");
    assertError(await call(url, `${API}/stream?channel=x`), 400, "bad_parameter", "channel");
    assertError(await call(url, `${API}/stream?limit=1`), 400, "unknown_parameter", "limit", "channel, after");
  });
});
