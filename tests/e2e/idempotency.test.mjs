// A message sent twice with the same client offset is stored once.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  assertRefused, assertStored, backend, Client, newChannel, newKey, numbered, RawWebSocket, Road, serve, TRANSPORTS,
  waitFor,
} from "./support.mjs";

let server;
before(async () => {
  server = await serve();
});
after(() => server.stop());

for (const { name, transports } of TRANSPORTS) {
  describe(name, () => {
    test("the second send of a key is acknowledged with the first offset and delivered to nobody", async (t) => {
      const channel = newChannel();
      const [sender, witness] = await Promise.all(
        [0, 1].map(() => Client.open(t, server.url, channel, { transports })),
      );
      const key = newKey();
      const first = await sender.publish("once", key);
      assertStored(first);
      assert.deepEqual(await sender.publish("once", key), { offset: first.offset, duplicate: true });
      assert.deepEqual(await witness.publish("by another client", key), { offset: first.offset, duplicate: true });
      const last = await sender.publish("last");
      for (const client of [sender, witness]) {
        await client.receives(2);
        assert.deepEqual(client.payloads(), ["once", "last"]);
        assert.deepEqual(client.offsets(), [first.offset, last.offset]);
      }
    });
  });
}

test("sent twice without waiting, so that both may be in one commit, it is still stored once", async (t) => {
  const channel = newChannel();
  const client = await Client.open(t, server.url, channel);
  const keys = Array.from({ length: 50 }, newKey);
  const acks = await Promise.all(keys.flatMap((key, i) => [client.publish(i, key), client.publish(i, key)]));
  for (let i = 0; i < acks.length; i += 2) {
    assertStored(acks[i]);
    assert.deepEqual(acks[i + 1], { offset: acks[i].offset, duplicate: true });
  }
  await client.publish("last");
  await client.receives(51);
  assert.deepEqual(client.payloads(), [...keys.keys(), "last"]);
});

test("the same key in another channel is another message", async (t) => {
  const key = newKey();
  const here = await Client.open(t, server.url, newChannel());
  const there = await Client.open(t, server.url, newChannel());
  const first = await here.publish("here", key);
  const second = await there.publish("there", key);
  assertStored(first);
  assertStored(second);
  assert.notEqual(first.offset, second.offset);
});

test("keys are compared whole and byte for byte", async (t) => {
  const client = await Client.open(t, server.url, newChannel());
  const key = newKey();
  const long = key.padEnd(255, "x");
  const keys = [key, `${key} `, key.toUpperCase() + "A", `${key}\u0000`, `${key}\u00e9`, `${key}e\u0301`, "", long];
  for (const one of keys) if (one !== "") assertStored(await client.publish("x", one));
  assert.equal((await client.publish("x", long)).duplicate, true);
});

test("a key is remembered across a reconnect", async (t) => {
  const road = await Road.to(t, server.port);
  const client = await Client.open(t, road.url, newChannel());
  const key = newKey();
  const first = await client.publish("once", key);
  road.cut();
  await client.connected(2);
  assert.deepEqual(await client.publish("once", key), { offset: first.offset, duplicate: true });
  await client.publish("last");
  await client.receives(2);
  assert.deepEqual(client.payloads(), ["once", "last"]);
});

for (const how of ["SIGKILL", "SIGTERM"]) {
  test(`a key is remembered across a restart after ${how}`, { skip: backend === "memory" }, async (t) => {
    const own = await serve(t);
    const channel = newChannel();
    const client = await Client.open(t, own.url, channel);
    const keys = Array.from({ length: 30 }, newKey);
    const before = await Promise.all(keys.map((key, i) => client.publish(i, key)));
    if (how === "SIGTERM") await own.stop();
    await own.restart();
    await client.connected(2);
    const again = await Promise.all(keys.map((key, i) => client.publish(i, key)));
    assert.deepEqual(again, before.map(({ offset }) => ({ offset, duplicate: true })));
    const last = await client.publish("last");
    assert.ok(last.offset > before.at(-1).offset);
    await client.receives(31);
    assert.deepEqual(client.payloads(), [...keys.keys(), "last"]);
  });
}

test("what is no string is no key: refused, and nothing is stored", async (t) => {
  const channel = newChannel();
  const client = await Client.open(t, server.url, channel);
  for (const key of [17, 1.5, true, {}, { id: 1 }, [], ["a"], "x".repeat(256), "\u20ac".repeat(86)]) {
    assertRefused(await client.publish(`with ${JSON.stringify(key)}`, key));
  }
  await client.publish("last");
  await client.receives(1);
  assert.deepEqual(client.payloads(), ["last"]);
});

test("null is no key: each send is a message of its own", async (t) => {
  const client = await Client.open(t, server.url, newChannel());
  const acks = [await client.publish("a", null), await client.publish("a", null), await client.publish("a")];
  acks.forEach(assertStored);
  assert.equal(new Set(acks.map(({ offset }) => offset)).size, 3);
  await client.receives(3);
});

test("a key is what its string means, not how its JSON spells it", async (t) => {
  const channel = newChannel();
  const raw = await RawWebSocket.open(t, server.url);
  await raw.connect(channel);
  await raw.publishRaw(channel, "1", { key: '"k\\u0065y"' });
  const [{ offset }] = await raw.deliveries(1);
  await raw.publishRaw(channel, "1", { key: '"key"', id: 5 });
  const ack = await raw.nextPacket();
  assert.equal(ack.json, `[{"offset":${offset},"duplicate":true}]`);
});

test("the stock client's retries never store a message twice while its road keeps breaking (socket.io#5334)", async (t) => {
  const channel = newChannel();
  const road = await Road.to(t, server.port);
  const witness = await Client.open(t, server.url, channel);
  const sender = await Client.open(t, road.url, channel, { retries: 50, ackTimeout: 2000 });
  let acknowledged = 0;
  for (const payload of numbered("retry", 60)) {
    sender.socket.emit("chat message", payload, newKey(), (error) => (acknowledged += error === null ? 1 : 0));
  }
  for (let cuts = 1; cuts <= 5; cuts++) {
    await waitFor(() => acknowledged >= cuts * 10, { what: `${cuts * 10} acks` });
    road.cut();
  }
  await waitFor(() => acknowledged === 60, { what: "60 acks" });
  await witness.receives(60);
  assert.deepEqual(witness.payloads(), numbered("retry", 60));
});
