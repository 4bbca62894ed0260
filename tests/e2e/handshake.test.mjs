// Opening a connection, and what becomes of clients that do not keep to the protocol: a clear answer, and no harm to
// anybody else.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  Client, newChannel, RawPolling, RawWebSocket, request, SEPARATOR, serve, waitFor, within,
} from "./support.mjs";

const MAX_PAYLOAD = 10_000;

let server;
let small;
before(async () => {
  server = await serve();
  small = await serve(undefined, ["--max-payload", String(MAX_PAYLOAD)]);
});
after(() => Promise.all([server.stop(), small.stop()]));

describe("the handshake", () => {
  test("over polling names sid, upgrades, intervals and the largest payload, in this order", async (t) => {
    const { handshakeText, handshake } = await RawPolling.open(t, server.url);
    assert.match(handshake.sid, /^[\w-]{16,}$/);
    assert.equal(
      handshakeText,
      `{"sid":"${handshake.sid}","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`,
    );
  });

  test("over WebSocket offers no upgrade", async (t) => {
    const { handshakeText, handshake } = await RawWebSocket.open(t, server.url);
    assert.equal(
      handshakeText,
      `{"sid":"${handshake.sid}","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`,
    );
  });

  test("gives each connection a sid of its own", async (t) => {
    const raws = await Promise.all(Array.from({ length: 20 }, () => RawPolling.open(t, server.url)));
    assert.equal(new Set(raws.map(({ handshake }) => handshake.sid)).size, 20);
  });

  test("names the configured payload limit", async (t) => {
    assert.equal((await RawPolling.open(t, small.url)).handshake.maxPayload, MAX_PAYLOAD);
  });

  test("is answered as plain text that no cache keeps", async () => {
    const { headers } = await request(server.url, "/socket.io/?EIO=4&transport=polling");
    assert.match(headers.get("content-type"), /^text\/plain; charset=utf-8$/i);
    assert.match(headers.get("cache-control") ?? "", /no-store/);
  });
});

describe("a request that is none of Engine.IO's is answered with 400 and says why", () => {
  const cases = [
    ["transport missing", "GET", "EIO=4", 0, "Transport unknown"],
    ["transport unknown", "GET", "EIO=4&transport=carrier-pigeon", 0, "Transport unknown"],
    ["sid unknown", "GET", "EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"],
    ["sid unknown in a POST", "POST", "EIO=4&transport=polling&sid=nobody", 1, "Session ID unknown"],
    ["POST without sid", "POST", "EIO=4&transport=polling", 2, "Bad handshake method"],
    ["PUT without sid", "PUT", "EIO=4&transport=polling", 2, "Bad handshake method"],
    ["websocket without Upgrade", "GET", "EIO=4&transport=websocket", 3, "Bad request"],
    ["EIO missing", "GET", "transport=polling", 5, "Unsupported protocol version"],
    ["EIO 3", "GET", "EIO=3&transport=polling", 5, "Unsupported protocol version"],
    ["EIO no number", "GET", "EIO=abc&transport=polling", 5, "Unsupported protocol version"],
  ];
  for (const [what, method, query, code, message] of cases) {
    test(what, async () => {
      const answer = await request(server.url, `/socket.io/?${query}`, { method });
      assert.equal(answer.status, 400);
      assert.equal(answer.text, JSON.stringify({ code, message }));
      assert.match(answer.headers.get("content-type"), /^application\/json/);
    });
  }

  for (const [what, query] of [
    ["transport unknown", "EIO=4&transport=abc"],
    ["EIO 3", "EIO=3&transport=websocket"],
    ["sid unknown", "EIO=4&transport=websocket&sid=nobody"],
  ]) {
    test(`${what}, over WebSocket`, async () => {
      const raw = new RawWebSocket(server.url, { query });
      await assert.rejects(within(raw.opened, "a refusal"), { status: 400 });
    });
  }
});

describe("CONNECT", () => {
  test("to the main channel is answered with sid and pid and nothing else", async (t) => {
    const raw = await RawWebSocket.open(t, server.url);
    raw.send("40");
    const reply = await raw.inbox.next("the CONNECT reply");
    assert.match(reply, /^0\{"sid":"[^"]+","pid":"[^"]+"\}$/);
    const { sid, pid } = JSON.parse(reply.slice(1));
    assert.notEqual(sid, pid);
    assert.notEqual(sid, raw.handshake.sid, "the id others may see does not open the transport");
  });

  test("to what is no channel is refused with 'Invalid namespace', and the connection stays", async (t) => {
    const raw = await RawWebSocket.open(t, server.url);
    for (const channel of ["/nowhere", "/chat", "/chat/", "/admin", "/chat/a\u001eb", "/chat/a\nb", "/chat/\u007f"]) {
      raw.send(`40${channel},`);
      assert.equal(await raw.inbox.next("the refusal"), `4${channel},{"message":"Invalid namespace"}`);
    }
    assert.equal((await raw.connect(newChannel())).type, 0);
  });

  test("the stock client is told in its connect_error", async (t) => {
    const client = new Client(t, server.url, "/nowhere", { reconnection: false });
    const error = await within(
      new Promise((resolve) => client.socket.on("connect_error", resolve)),
      "a connect_error",
    );
    assert.equal(error.message, "Invalid namespace");
  });

  test("may carry a query behind the channel's name, which is left out of the answer", async (t) => {
    const channel = newChannel();
    const raw = await RawWebSocket.open(t, server.url);
    raw.send(`40${channel}?token=1,`);
    assert.match(await raw.inbox.next("the CONNECT reply"), new RegExp(`^0${channel},\\{`));
  });

  test("DISCONNECT ends the channel and leaves the connection", async (t) => {
    const [one, two] = [newChannel(), newChannel()];
    const raw = await RawWebSocket.open(t, server.url);
    assert.equal((await raw.connect(one)).type, 0);
    assert.equal((await raw.connect(two)).type, 0);
    await raw.sendPacket(`1${one},`);
    await raw.publishRaw(two, '"still here"');
    const [{ payload }] = await raw.deliveries(1);
    assert.equal(payload, '"still here"');
    assert.equal((await raw.connect(one)).type, 0);
  });

  for (const transport of [RawWebSocket, RawPolling]) {
    test(`that never comes closes the connection (${transport.name})`, async (t) => {
      const own = await serve(t, ["--connect-timeout", "300"]);
      const good = await Client.open(t, own.url, newChannel());
      const raw = await transport.open(t, own.url);
      if (raw.closed) await within(raw.closed, "the close");
      else await waitFor(async () => (await raw.get()).status === 400, { what: "the session to end" });
      await good.publish("still here");
      assert.deepEqual(good.disconnects, []);
    });
  }
});

// What is sent as one Engine.IO packet (or a Buffer: one binary message), after CONNECT to "/" and `channel`.
const VIOLATIONS = [
  ["an unknown Engine.IO packet type", "7"],
  ["a letter for a packet type", "x"],
  ["a ping, which only the server sends", "2"],
  ["a Socket.IO packet without a type", "4"],
  ["an unknown Socket.IO packet type", "47"],
  ["an event that is no array", '42{"a":1}'],
  ["an event with an empty array", "42[]"],
  ["an event without data", "42"],
  ["an event whose name is no string", '42[1,"x"]'],
  ["an event with a reserved name", '42["disconnect","x"]'],
  ["an event with another reserved name", '42["connect_error"]'],
  ["JSON cut short", '42["chat message","x"'],
  ["JSON with something behind it", '42["chat message","x"]]'],
  ["JSON in single quotes", "42['chat message','x']"],
  ["a bare NaN", '42["chat message",NaN]'],
  ["a raw control character in a string", '42["chat message","a\u0001b"]'],
  ["an ack id of 2^53", '429007199254740992["chat message","x"]'],
  ["an event for a channel not connected to", '42/chat/elsewhere,["chat message","x"]'],
  ["a second CONNECT to the same channel", "40"],
  ["a CONNECT with an array", "40/chat/another,[1]"],
  ["a CONNECT with broken JSON", '40/chat/another,{"a"'],
  ["a CONNECT_ERROR, which only the server sends", '44{"message":"x"}'],
  ["an ack that is no array", '431{"a":1}'],
  ["binary without an announcement", Buffer.from("surprise")],
  ["a binary event without an attachment count", '45["chat message","x"]'],
  ["a binary event with a huge attachment count", '4599999999-["chat message",{"_placeholder":true,"num":0}]'],
  ["a binary event with a negative attachment count", '45-1-["chat message",{"_placeholder":true,"num":0}]'],
  ["text where an attachment was announced", ['451-["chat message",{"_placeholder":true,"num":0}]', '42["x"]']],
  [
    "a placeholder of an attachment that does not exist",
    ['451-["chat message",{"_placeholder":true,"num":5}]', Buffer.from("x")],
  ],
];

describe("a violation of the protocol ends that connection and harms nobody else", () => {
  const inPoll = (packet) => (Buffer.isBuffer(packet) ? `b${packet.toString("base64")}` : packet);

  for (const [what, sent] of VIOLATIONS) {
    test(what, async (t) => {
      const channel = newChannel();
      const neighbour = await Client.open(t, server.url, channel);

      const raw = await RawWebSocket.open(t, server.url);
      assert.equal((await raw.connect("/")).type, 0);
      for (const packet of [sent].flat()) raw.send(packet);
      await within(raw.closed, "the WebSocket to be closed");

      const polling = await RawPolling.open(t, server.url);
      assert.equal((await polling.connect("/")).type, 0);
      await polling.post([sent].flat().map(inPoll).join(SEPARATOR));
      await waitFor(async () => (await polling.get()).status === 400, { what: "the polling session to end" });

      await neighbour.publish("still here");
      await neighbour.receives(1);
      assert.deepEqual(neighbour.disconnects, []);
    });
  }

  test("text that is not UTF-8 closes a WebSocket with 1007", async (t) => {
    const raw = await RawWebSocket.open(t, server.url);
    await raw.connect("/");
    const bytes = Buffer.concat([Buffer.from('42["chat message","'), Buffer.from([0xc3, 0x28]), Buffer.from('"]')]);
    raw.ws.send(bytes, { binary: false });
    assert.equal((await within(raw.closed, "the close")).code, 1007);
  });

  for (const [what, bad] of [
    ["a stray continuation byte", [0x80]],
    ["an overlong form", [0xc0, 0x80]],
    ["a surrogate", [0xed, 0xa0, 0x80]],
  ]) {
    test(`text in a POST with ${what} ends the session`, async (t) => {
      const polling = await RawPolling.open(t, server.url);
      await polling.connect("/");
      await polling.post(Buffer.concat([Buffer.from('42["chat message","'), Buffer.from(bad), Buffer.from('"]')]));
      await waitFor(async () => (await polling.get()).status === 400, { what: "the session to end" });
    });
  }

  test("an unmasked frame closes a WebSocket", async (t) => {
    const raw = await RawWebSocket.open(t, server.url);
    raw.ws._socket.write(Buffer.from([0x81, 0x02, 0x34, 0x30]));
    await within(raw.closed, "the close");
  });
});

describe("what is above a limit, but by the protocol an event,", () => {
  const deep = (levels) => "[".repeat(levels) + "]".repeat(levels);

  for (const [what, args, code] of [
    ["nested too deep", `["chat message",${deep(5000)}]`, "too_deep"],
    ["with too long a name", `["${"n".repeat(256)}","x"]`, "event_name_too_long"],
    ["with too many arguments", `["chat message",${Array(40).fill(1)}]`, "too_many_arguments"],
  ]) {
    test(`${what}, is refused in its ack, and the connection stays`, async (t) => {
      const raw = await RawWebSocket.open(t, server.url);
      await raw.connect("/", { history: 0 });
      const polling = await RawPolling.open(t, server.url);
      await polling.connect("/", { history: 0 });
      for (const session of [raw, polling]) {
        await session.sendPacket(`2${args}`); // asks for no ack, gets none
        await session.sendPacket(`27${args}`);
        const ack = await session.nextPacket("the ack");
        assert.deepEqual([ack.type, ack.id], [3, 7]);
        assert.equal(JSON.parse(ack.json)[0].error.code, code);
      }
    });
  }

  test("in a CONNECT, is refused by a CONNECT_ERROR, and the connection stays", async (t) => {
    const raw = await RawWebSocket.open(t, server.url);
    const long = `/chat/${"n".repeat(250)}`;
    assert.deepEqual(await raw.connect(long), { type: 4, message: "Invalid namespace" });
    await raw.sendPacket(`0{"name":${deep(100)}}`);
    const refused = await raw.nextPacket("the refusal");
    assert.equal(refused.type, 4);
    assert.match(JSON.parse(refused.json).message, /nested/);
    assert.equal((await raw.connect("/", { history: 0 })).type, 0);
  });
});

describe("what is larger than the limit", () => {
  const packetOf = (bytes, id = "") => `42${id}["chat message","${"x".repeat(bytes - 21)}"]`;

  async function assertRefusedAsTooLarge(raw, id) {
    const ack = await raw.nextPacket("the ack");
    assert.deepEqual([ack.type, ack.id], [3, id]);
    assert.equal(JSON.parse(ack.json)[0].error.code, "payload_too_large");
  }

  test("is refused with 413 in a POST, also if its size is not announced", async (t) => {
    const polling = await RawPolling.open(t, small.url);
    await polling.connect("/");
    assert.equal((await polling.post(packetOf(MAX_PAYLOAD + 1))).status, 413);
    const again = await RawPolling.open(t, small.url);
    const body = new Blob([packetOf(2 * MAX_PAYLOAD)]).stream();
    const response = await fetch(again.base, { method: "POST", body, duplex: "half" });
    assert.equal(response.status, 413);
  });

  test("is refused in its ack over WebSocket, in one frame or in many, and the connection stays", async (t) => {
    const raw = await RawWebSocket.open(t, small.url);
    await raw.connect("/", { history: 0 });
    raw.send(packetOf(MAX_PAYLOAD + 2));
    raw.send(packetOf(100 * MAX_PAYLOAD, 1));
    await assertRefusedAsTooLarge(raw, 1);
    const packet = packetOf(2 * MAX_PAYLOAD, 2);
    for (let at = 0; at < packet.length; at += 999) {
      raw.ws.send(packet.slice(at, at + 999), { fin: at + 999 >= packet.length });
    }
    await assertRefusedAsTooLarge(raw, 2);
  });

  test("is refused in its ack if its attachments are, one of them or all together", async (t) => {
    const raw = await RawWebSocket.open(t, small.url);
    await raw.connect("/", { history: 0 });
    raw.send('451-1["chat message",{"_placeholder":true,"num":0}]');
    raw.send(Buffer.alloc(MAX_PAYLOAD + 1));
    await assertRefusedAsTooLarge(raw, 1);
    const placeholders = Array.from({ length: 10 }, (_, num) => `{"_placeholder":true,"num":${num}}`);
    raw.send(`4510-2["chat message",[${placeholders}]]`);
    for (let i = 0; i < 10; i++) raw.send(Buffer.alloc(MAX_PAYLOAD / 5));
    await assertRefusedAsTooLarge(raw, 2);
  });

  test("closes a WebSocket with 1009 where a frame announces more than will ever be let pass", async (t) => {
    const raw = await RawWebSocket.open(t, small.url);
    await raw.connect("/", { history: 0 });
    raw.ws._socket.write(Buffer.from([0x81, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]));
    assert.equal((await within(raw.closed, "the close")).code, 1009);
  });

  test("is refused in its ack, reaches nobody, and a stock client with retries goes on behind it (engine.io#706)", async (t) => {
    const channel = newChannel();
    const reader = await Client.open(t, small.url, channel);
    const sender = await Client.open(t, small.url, channel, { retries: 3, ackTimeout: 5_000 });
    const acks = ["x".repeat(2 * MAX_PAYLOAD), "behind it"].map((payload) =>
      within(sender.socket.emitWithAck("chat message", payload), "the ack"),
    );
    assert.equal((await acks[0]).error.code, "payload_too_large");
    await acks[1];
    await reader.receives(1);
    assert.deepEqual(reader.payloads(), ["behind it"]);
    assert.deepEqual(sender.disconnects, []);
  });

  test("exactly at the limit passes", async (t) => {
    const channel = "/";
    const raw = await RawWebSocket.open(t, small.url);
    await raw.connect(channel, { serverOffset: 0 });
    raw.send(packetOf(MAX_PAYLOAD));
    const [{ payload }] = await raw.deliveries(1);
    assert.equal(payload.length, MAX_PAYLOAD - 19);
    const polling = await RawPolling.open(t, small.url);
    await polling.connect(channel);
    assert.equal((await polling.post(packetOf(MAX_PAYLOAD))).status, 200);
  });
});

describe("what is begun and not ended", () => {
  const TIMEOUT = ["--message-timeout", "300"];

  test("as a WebSocket message has its time limit, whatever else the client does", async (t) => {
    const own = await serve(t, TIMEOUT);
    const raw = await RawWebSocket.open(t, own.url);
    await raw.connect("/");
    raw.ws.send('42["chat message",', { fin: false });
    const pings = setInterval(() => raw.ws.ping(), 20);
    t.after(() => clearInterval(pings));
    assert.match((await within(raw.closed, "the close")).reason, /not finished/);
  });

  test("as an event that waits for attachments has it, too", async (t) => {
    const own = await serve(t, TIMEOUT);
    const half = '451-["chat message",{"_placeholder":true,"num":0}]';
    const raw = await RawWebSocket.open(t, own.url);
    await raw.connect("/");
    raw.send(half);
    const polling = await RawPolling.open(t, own.url);
    await polling.connect("/");
    await polling.post(half);
    assert.match((await within(raw.closed, "the close")).reason, /not finished/);
    await waitFor(async () => (await polling.get()).status === 400, { what: "the polling session to end" });
  });

  test("costs a client nothing that ends each message in time", async (t) => {
    const own = await serve(t, [...TIMEOUT, "--ping-interval", "400"]);
    const channel = newChannel();
    const client = await Client.open(t, own.url, channel);
    let pings = 0;
    client.socket.io.on("ping", () => pings++);
    const began = performance.now();
    let sent = 0;
    // Longer than the limit, and always something on its way: halves of messages and attachments.
    while (performance.now() - began < 1_000) {
      await client.publishAll([{ file: Buffer.alloc(200_000) }, "x".repeat(200_000)]);
      sent += 2;
    }
    await client.receives(sent);
    const before = pings;
    await waitFor(() => pings >= before + 2, { what: "two pings of silence" });
    assert.deepEqual(client.disconnects, []);
  });
});
