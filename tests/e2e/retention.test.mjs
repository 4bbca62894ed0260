// Retention while the server runs: what may go is gone, what went is said to those who miss it, and nobody else notices.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  assertInOrderOnce, backend, Client, newChannel, numbered, parseDelivery, publishFromElsewhere, RawWebSocket, serve,
  tempDir, waitFor, within,
} from "./support.mjs";

const persists = backend !== "memory";

/** The offsets a newcomer to the channel is given. */
async function kept(url, channel) {
  const client = await Client.open(undefined, url, channel, { auth: { status: true } });
  try {
    const isLive = ({ event, payload }) => event === "log:status" && payload.state === "live";
    await waitFor(() => client.received.some(isLive), { what: "the end of the catch-up" });
    assert.deepEqual(gaps(client), [], "a newcomer misses nothing it knew of");
    return client.offsets();
  } finally {
    client.close();
  }
}

/** Waits until the store keeps exactly `count` records of the channel; the server's memory must not hold any. */
async function keeps(url, channel, count) {
  let offsets;
  await waitFor(async () => (offsets = await kept(url, channel)).length === count, {
    what: `exactly ${count} records of ${channel} to be left`,
  }).catch((error) => {
    throw new Error(`${error.message}; left were ${offsets?.length}`);
  });
  return offsets;
}

const gaps = (client) => client.received.filter(({ event }) => event === "log:gap").map(({ payload }) => payload);

/** Many messages, a few hundred in flight. */
async function publishMany(url, channel, payloads) {
  const publisher = await Client.open(undefined, url, channel, { auth: { history: 0 } });
  try {
    const acks = [];
    for (let i = 0; i < payloads.length; i += 500) acks.push(...(await publisher.publishAll(payloads.slice(i, i + 500))));
    return acks;
  } finally {
    publisher.close();
  }
}

/** Loses the connection and stays away. */
async function goAway(client) {
  const { length } = client.disconnects;
  client.socket.io.reconnection(false);
  client.drop();
  await waitFor(() => client.disconnects.length > length, { what: "the drop" });
}

async function comeBack(client) {
  const { length } = client.connects;
  client.socket.connect();
  await client.connected(length + 1);
  return client.connects.at(-1);
}

test("the newest N records stay, and whoever is there gets all of them while the rest is trimmed", async (t) => {
  const server = await serve(t, ["--retain-records", "50"]);
  const channel = newChannel();
  const live = await Client.open(t, server.url, channel);
  const acks = await publishMany(server.url, channel, numbered("m", 4000));
  assertInOrderOnce(acks.map(({ offset }) => offset));
  await live.receives(4000);
  assert.deepEqual(live.payloads(), numbered("m", 4000));
  const offsets = await keeps(server.url, channel, 50);
  assert.deepEqual(offsets, acks.slice(-50).map(({ offset }) => offset));
  await waitFor(() => / event=retention .*removed=\d+ first=\d+ rule=records/.test(server.stderr), { what: "the journal" });
});

test("a log that was trimmed to nothing by age goes on where it was, also after a restart", { skip: !persists }, async (t) => {
  const server = await serve(t, ["--retain-age", "300ms"]);
  const channel = newChannel();
  const [first] = await publishFromElsewhere(server.url, channel, numbered("m", 5));
  await keeps(server.url, channel, 0);
  await server.restart();
  const [next] = await publishFromElsewhere(server.url, channel, ["next"]);
  assert.deepEqual(next, { offset: first.offset + 5, duplicate: false });
});

test("a client of a quiet channel keeps its session, whatever busy channels lost", async (t) => {
  const server = await serve(t, ["--retain-records", "20"]);
  const [quiet, busy] = [newChannel(), newChannel()];
  const client = await Client.open(t, server.url, quiet, { auth: { status: true } });
  await client.publish("before");
  await client.receives(1);
  await goAway(client);
  await publishMany(server.url, busy, numbered("noise", 300));
  await keeps(server.url, quiet, 0);
  if (persists) await server.restart();
  const back = await comeBack(client);
  assert.equal(back.recovered, true);
  assert.equal(back.sid, client.connects[0].sid);
  await publishFromElsewhere(server.url, quiet, ["after"]);
  await client.receives(2);
  assert.deepEqual(client.payloads(), ["before", "after"]);
  assert.deepEqual(gaps(client), []);
});

for (const status of [true, false]) {
  test(`a client that was away too long is ${status ? "told of the gap" : "not recovered"} and gets what is left`, {
    skip: !persists,
  }, async (t) => {
    const server = await serve(t, ["--retain-records", "10"]);
    const channel = newChannel();
    const client = await Client.open(t, server.url, channel, { auth: status ? { status } : {} });
    const { offset } = await client.publish("before");
    await client.receives(1);
    await goAway(client);
    await publishMany(server.url, channel, numbered("m", 100));
    // The memory of the server that runs would still have them.
    await waitFor(() => / event=retention /.test(server.stderr), { what: "the trim" });
    await server.restart();
    await keeps(server.url, channel, 10);
    const back = await comeBack(client);
    assert.equal(back.recovered, false);
    await client.receives(11);
    assert.deepEqual(client.payloads(), ["before", ...numbered("m", 100).slice(-10)]);
    const expected = { from: offset + 1, to: offset + 90, reason: "trimmed" };
    assert.deepEqual(gaps(client), status ? [expected] : []);
    if (status) {
      const at = client.received.findIndex(({ event }) => event === "log:gap");
      const before = client.received.slice(0, at).filter(({ event }) => event === "chat message");
      assert.equal(before.length, 1, "the gap stands where the records would");
    }
    // It is where everyone is: the next time nothing is missing.
    await goAway(client);
    assert.equal((await comeBack(client)).recovered, true);
  });
}

test("what the store has trimmed but the server still holds in memory is recovered", async (t) => {
  const server = await serve(t, ["--retain-records", "10", "--io-threads", "1"]);
  const channel = newChannel();
  const client = await Client.open(t, server.url, channel);
  await client.publish("before");
  await client.receives(1);
  await goAway(client);
  await publishMany(server.url, channel, numbered("m", 100));
  await waitFor(() => / event=retention .* first=92 /.test(server.stderr), { what: "the trim" });
  assert.equal((await comeBack(client)).recovered, true);
  await client.receives(101);
  assert.deepEqual(client.payloads(), ["before", ...numbered("m", 100)]);
});

/** A channel with `count` records of `bytes`, and a client that has begun to read them all and stopped. */
async function stalledReader(t, { count, bytes, other }) {
  const data = tempDir();
  const channel = newChannel();
  const filler = await serve(t, [], { data });
  const padding = "x".repeat(bytes);
  await publishMany(filler.url, channel, Array.from({ length: count }, (_, i) => `${i} ${padding}`));
  await filler.stop();
  // Nothing is in memory now, and as much may be kept as there is: what comes next pushes the oldest out.
  const server = await serve(t, ["--retain-records", String(count)], { data });
  const raw = await RawWebSocket.open(t, server.url);
  await raw.connect(channel, { status: true, serverOffset: 0 });
  const packets = [await raw.nextPacket("the first of all")];
  raw.ws.pause();
  await publishMany(server.url, newChannel(), numbered("other", other));
  await waitFor(() => new RegExp(` event=retention .* first=${other + 1} `).test(server.stderr), { what: "the trim" });
  return { server, channel, raw, packets };
}

const gapOf = (packet) => (packet.json.startsWith('["log:gap"') ? JSON.parse(packet.json)[1] : undefined);

test("what is trimmed while a slow client replays is announced in its place", { skip: !persists }, async (t) => {
  const [count, other] = [8000, 7800];
  const { raw, packets } = await stalledReader(t, { count, bytes: 3000, other });
  raw.ws.resume();
  let covered = 0;
  let announced;
  while (covered < count) {
    const packet = packets.shift() ?? (await raw.nextPacket(`what follows ${covered}`));
    const gap = gapOf(packet);
    if (gap) {
      assert.equal(announced, undefined, "announced once");
      assert.deepEqual(gap, { from: covered + 1, to: other, reason: "trimmed" });
      announced = gap;
      covered = gap.to;
    } else if (packet.json.startsWith('["chat message"')) {
      const { offset } = parseDelivery(packet);
      assert.equal(offset, covered + 1, "nothing missing, nothing twice");
      covered = offset;
    }
  }
  assert.ok(announced, "the client was slow enough to miss something");
});

test("a client stopped in the middle of a large record that is trimmed is cut once, and told when it comes back", {
  skip: !persists,
}, async (t) => {
  const [count, other] = [400, 390];
  const { server, channel, raw } = await stalledReader(t, { count, bytes: 100_000, other });
  raw.ws.resume();
  await within(raw.closed, "the end of the connection");
  assert.match(server.stderr, / event=client_overtaken /);
  const received = raw.inbox.all.filter((message) => /^2[^[]*\["chat message"/.test(message)).length;
  assert.ok(received > 0 && received < other, `it received ${received}`);
  const again = await RawWebSocket.open(t, server.url);
  await again.connect(channel, { status: true, serverOffset: received });
  assert.deepEqual(gapOf(await again.nextPacket("the gap")), { from: received + 1, to: other, reason: "trimmed" });
});
