// Chatting: who gets what, in which order, and that nobody touches the payload on the way.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  assertInOrderOnce, assertRefused, assertStored, Client, newChannel, numbered, parseDelivery, parsePacket, RawPolling,
  RawWebSocket, serve, TRANSPORTS, waitFor,
} from "./support.mjs";

let server;
before(async () => {
  server = await serve(undefined, ["--relay", "typing"]);
});
after(() => server.stop());

for (const { name, transports } of TRANSPORTS) {
  describe(name, () => {
    test("everyone in a channel gets payload, offset and position in one order, the senders included", async (t) => {
      const channel = newChannel();
      const open = () => Client.open(t, server.url, channel, { transports });
      const clients = await Promise.all([open(), open(), open()]);
      const [alice, bob] = clients;
      const acks = (
        await Promise.all([alice.publishAll(numbered("alice", 25)), bob.publishAll(numbered("bob", 25))])
      ).flat();
      acks.forEach(assertStored);
      const acknowledged = acks.map((ack) => ack.offset).sort((a, b) => a - b);
      for (const client of clients) {
        await client.receives(50);
        assert.deepEqual(client.offsets(), acknowledged);
        assert.deepEqual(client.payloads(), alice.payloads());
        for (const { args, offset, position } of client.messages()) {
          assert.equal(args.length, 3);
          assert.match(position, /^[0-9a-f]{16}\.\d+$/);
          assert.equal(position.split(".")[1], String(offset));
        }
      }
      const ofAlice = alice.payloads().filter((payload) => payload.startsWith("alice"));
      assert.deepEqual(ofAlice, numbered("alice", 25), "what one client sends keeps its order");
    });

    test("other channels get nothing of it", async (t) => {
      const [here, there] = [newChannel(), newChannel()];
      const sender = await Client.open(t, server.url, here, { transports });
      const stranger = await Client.open(t, server.url, there, { transports });
      await sender.publishAll(numbered("here", 5));
      await stranger.publish("there");
      await stranger.receives(1);
      assert.deepEqual(stranger.payloads(), ["there"]);
      await sender.receives(5);
      assert.deepEqual(sender.payloads(), numbered("here", 5));
    });

    test("one connection can be in several channels at once", async (t) => {
      const channels = [newChannel(), newChannel()];
      const first = await Client.open(t, server.url, channels[0], { transports, multiplex: true });
      const second = { received: [] };
      const socket = first.socket.io.socket(channels[1], {});
      t.after(() => socket.disconnect());
      socket.on("chat message", (payload, offset) => second.received.push([payload, offset]));
      await waitFor(() => socket.connected, { what: "the second channel" });
      const expected = [];
      for (let i = 0; i < 10; i++) {
        await first.publish(`one ${i}`);
        expected.push([`two ${i}`, (await socket.emitWithAck("chat message", `two ${i}`)).offset]);
      }
      await first.receives(10);
      await waitFor(() => second.received.length >= 10, { what: "10 messages of the second channel" });
      assert.deepEqual(first.payloads(), numbered("one", 10));
      assert.deepEqual(second.received, expected);
      assert.deepEqual(first.disconnects, []);
    });

    test("bytes arrive as bytes: alone, within JSON, several, and none at all", async (t) => {
      const channel = newChannel();
      const sender = await Client.open(t, server.url, channel, { transports });
      const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
      const payloads = [
        bytes,
        { name: "photo.png", data: bytes, thumbnail: Buffer.from("small"), tags: ["a", Buffer.from([0])] },
        Buffer.alloc(0),
        Buffer.alloc(100_000, 0xfe),
      ];
      for (const payload of payloads) assertStored(await sender.publish(payload));
      const late = await Client.open(t, server.url, channel, { transports });
      for (const client of [sender, late]) {
        await client.receives(payloads.length);
        assert.deepEqual(client.payloads(), payloads);
      }
    });

    test("an event that is not configured is refused if it asks for an ack, and stored nowhere", async (t) => {
      const channel = newChannel();
      const client = await Client.open(t, server.url, channel, { transports });
      client.socket.emit("no such event", "ignored");
      assertRefused(await client.socket.emitWithAck("no such event", "refused"));
      await client.publish("still here");
      await client.receives(1);
      assert.deepEqual(client.received.map((one) => one.payload), ["still here"]);
    });

    test("a relayed event goes to those who are there now, ends in a position and is not stored", async (t) => {
      const channel = newChannel();
      const [typist, watcher] = [
        await Client.open(t, server.url, channel, { transports }),
        await Client.open(t, server.url, channel, { transports }),
      ];
      await typist.publish("before");
      await watcher.receives(1);
      typist.socket.emit("typing", { who: "typist" });
      await waitFor(() => watcher.received.length >= 2, { what: "the relayed event" });
      const relayed = watcher.received[1];
      assert.equal(relayed.event, "typing");
      assert.deepEqual(relayed.payload, { who: "typist" });
      assert.match(relayed.args.at(-1), /^[0-9a-f]{16}\.\d+$/);
      await typist.publish("after");
      const late = await Client.open(t, server.url, channel, { transports });
      await late.receives(2);
      assert.deepEqual(late.received.map((one) => one.payload), ["before", "after"]);
    });
  });
}

// Every one is valid JSON; most do not survive JSON.parse and JSON.stringify.
const PAYLOADS = [
  '"plain"',
  '""',
  "null",
  "true",
  "[]",
  "{}",
  "0",
  "-0",
  "1.0",
  "1E+2",
  "1e999",
  "123456789012345678901234567890",
  "0.1000000000000000055511151231257827",
  '{"b":1,"a":2,"10":3,"9":4}',
  '{"a":1,"a":2}',
  '{ "spaced" : [ 1 ,\t2 ] }',
  '"\\u0000"',
  '"\u2028\u2029"',
  '"\\u2028"',
  '"\\ud83d\\ude00 \u{1f600} \u{1f469}\u{200d}\u{1f4bb}"',
  '"\\ud800 \\udfff"',
  '"e\u0301 \u00e9 \ufeff \uffff"',
  '"\\/ / \\" \\\\ \\b\\f\\n\\r\\t"',
  '"\u007f"',
  '{"__proto__":{"polluted":true},"constructor":{"prototype":{}}}',
  '{"toJSON":1,"_placeholder":false,"num":7}',
  '"</script><!--"',
  '["chat message","x",17,"0123456789abcdef.17"]',
  `${"[".repeat(60)}${"]".repeat(60)}`,
  JSON.stringify("x".repeat(200_000)),
];

test("a payload stays what it was, byte for byte: live, replayed and over both transports", async (t) => {
  const channel = newChannel();
  const liveSocket = await RawWebSocket.open(t, server.url);
  const livePoll = await RawPolling.open(t, server.url);
  const sender = await RawWebSocket.open(t, server.url);
  for (const raw of [liveSocket, livePoll, sender]) assert.equal((await raw.connect(channel)).type, 0);
  for (const payload of PAYLOADS) await sender.publishRaw(channel, payload);
  const late = await RawWebSocket.open(t, server.url);
  const latePoll = await RawPolling.open(t, server.url);
  for (const raw of [liveSocket, livePoll]) check(await raw.deliveries(PAYLOADS.length));
  for (const raw of [late, latePoll]) {
    assert.equal((await raw.connect(channel)).type, 0);
    check(await raw.deliveries(PAYLOADS.length));
  }
  function check(deliveries) {
    assertInOrderOnce(deliveries.map((one) => one.offset));
    deliveries.forEach(({ payload }, i) => assert.equal(payload, PAYLOADS[i]));
  }
});

test("an event delivered carries nothing but name, payload, offset and position", async (t) => {
  const channel = newChannel();
  const raw = await RawWebSocket.open(t, server.url);
  await raw.connect(channel);
  await raw.publishRaw(channel, '{"text":"hi"}', { key: '"key 1"', id: 7 });
  const messages = [await raw.inbox.next("event or ack"), await raw.inbox.next("event or ack")].sort();
  const [event, ack] = messages.map(parsePacket);
  const { payload, offset, position } = parseDelivery(event);
  assert.equal(messages[0], `2${channel},["chat message",${payload},${offset},"${position}"]`);
  assert.equal(messages[1], `3${channel},7[{"offset":${offset},"duplicate":false}]`);
  assert.equal(ack.id, 7);
});

test("the main channel's packets carry no name", async (t) => {
  const raw = await RawWebSocket.open(t, server.url);
  const { type, ...reply } = await raw.connect("/");
  assert.equal(type, 0);
  assert.deepEqual(Object.keys(reply), ["sid", "pid"]);
  await raw.publishRaw("/", '"hello"', { id: 0 });
  const messages = [await raw.inbox.next("event or ack"), await raw.inbox.next("event or ack")].sort();
  assert.match(messages[0], /^2\["chat message","hello",\d+,"[0-9a-f]{16}\.\d+"\]$/);
  assert.match(messages[1], /^30\[\{"offset":\d+,"duplicate":false\}\]$/);
});

test("an event with more binary parts than a stock client may receive is stored for nobody", async (t) => {
  const channel = newChannel();
  const reader = await Client.open(t, server.url, channel);
  const parts = (count) => Array.from({ length: count }, (_, i) => Buffer.from([i]));
  const sender = await Client.open(t, server.url, channel, { reconnection: false });
  assertStored(await sender.publish(parts(10)));
  const { error } = await sender.publish(parts(11));
  assert.equal(error.code, "too_many_attachments");
  assert.deepEqual(sender.disconnects, []);
  assertStored(await reader.publish("after it"));
  await reader.receives(2);
  assert.deepEqual(reader.payloads(), [parts(10), "after it"]);
  assert.equal(reader.disconnects.length, 0);
});

test("only who asks for an ack gets one", async (t) => {
  const channel = newChannel();
  const raw = await RawWebSocket.open(t, server.url);
  await raw.connect(channel);
  await raw.publishRaw(channel, '"quiet"');
  assert.equal(parseDelivery(await raw.nextPacket()).payload, '"quiet"');
  await raw.publishRaw(channel, '"asking"', { id: 12 });
  const packets = [await raw.nextPacket(), await raw.nextPacket()].sort((a, b) => a.type - b.type);
  assert.deepEqual(packets.map(({ type }) => type), [2, 3]);
  assert.equal(parseDelivery(packets[0]).payload, '"asking"');
  assert.equal(packets[1].id, 12);
});

test("an ack id of any size below 2^53 comes back as it was", async (t) => {
  const channel = newChannel();
  const raw = await RawPolling.open(t, server.url);
  await raw.connect(channel);
  for (const id of [0, 1, 4_294_967_296, Number.MAX_SAFE_INTEGER]) {
    await raw.publishRaw(channel, "1", { id });
    const packets = [await raw.nextPacket(), await raw.nextPacket()];
    assert.equal(packets.find(({ type }) => type === 3)?.id, id);
  }
});

test("a publish with no payload or too many arguments is refused in its ack and the client stays", async (t) => {
  const channel = newChannel();
  const client = await Client.open(t, server.url, channel);
  assertRefused(await client.socket.emitWithAck("chat message"));
  assertRefused(await client.socket.emitWithAck("chat message", "payload", "key", "what is this"));
  assertStored(await client.publish("fine"));
  await client.receives(1);
  assert.deepEqual(client.payloads(), ["fine"]);
  assert.deepEqual(client.disconnects, []);
});
