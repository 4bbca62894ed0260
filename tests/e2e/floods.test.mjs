// Too much of something, from one client: it is refused in words, and nobody else notices.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { describe, test } from "node:test";
import {
  assertInOrderOnce, assertStored, Client, newChannel, RawPolling, RawWebSocket, refusals, serve, waitFor, within,
} from "./support.mjs";

/** A bare connection that collects what it is sent. */
function connect(t, port) {
  const socket = net.connect(port, "localhost");
  t.after(() => socket.destroy());
  socket.on("error", () => {});
  socket.got = "";
  socket.on("data", (chunk) => (socket.got += chunk));
  socket.ended = once(socket, "close");
  return socket;
}

const GET = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

async function roomForAnother(t, { port }) {
  await waitFor(
    async () => {
      const again = connect(t, port);
      again.write(GET);
      await Promise.race([again.ended, waitFor(() => again.got.includes("\r\n\r\n"))]);
      return again.got.startsWith("HTTP/1.1 200 ");
    },
    { what: "room for another one" },
  );
}

describe("connections of one address", () => {
  test("above the limit are refused with 503, and there is room again when others have ended", async (t) => {
    const own = await serve(t, ["--connections-per-address", "3"]);
    const open = [];
    for (let i = 0; i < 3; i++) {
      const socket = connect(t, own.port);
      socket.write(GET);
      await waitFor(() => socket.got.includes("ok"), { what: `answer ${i + 1}` });
      open.push(socket);
    }
    const refused = connect(t, own.port);
    await within(refused.ended, "the end of the fourth connection");
    assert.match(refused.got, /^HTTP\/1\.1 503 .*\r\n[^]*too many connections of this address/);
    open[0].destroy();
    await roomForAnother(t, own);
    assert.match(own.stderr, /event=connection_refused/);
  });

  test("keep their places when they change their thread", async (t) => {
    const own = await serve(t, ["--connections-per-address", "2", "--io-threads", "2"]);
    // Each request names a session of either thread, so that the connection has to go there.
    const socket = connect(t, own.port);
    const other = connect(t, own.port);
    const ask = async (path) => {
      socket.got = "";
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await waitFor(() => socket.got.includes("\r\n\r\n"), { what: `the answer to ${path}` });
      return socket.got;
    };
    for (let i = 0; i < 10; i++) {
      assert.match(await ask(`/socket.io/?EIO=4&transport=polling&sid=00${i % 2}unknownunknown`), /^HTTP\/1\.1 400 /);
    }
    const refused = connect(t, own.port);
    await within(refused.ended, "the end of the third connection");
    assert.match(refused.got, /^HTTP\/1\.1 503 /);
    other.destroy();
    await roomForAnother(t, own);
  });
});

test("a session over polling takes a place of its address, beside its connection's, and gives it back", async (t) => {
  const own = await serve(t, ["--connections-per-address", "3"]);
  const socket = connect(t, own.port);
  const ask = async (method, query, body = "") => {
    socket.got = "";
    const length = body === "" ? "" : `Content-Length: ${body.length}\r\n`;
    socket.write(`${method} /socket.io/?EIO=4&transport=polling${query} HTTP/1.1\r\nHost: localhost\r\n${length}\r\n${body}`);
    await waitFor(() => /\r\n\r\n./.test(socket.got), { what: `the answer to ${method} ${query}` });
    return socket.got;
  };
  const sids = [];
  for (let i = 0; i < 2; i++) sids.push(/"sid":"([^"]+)"/.exec(await ask("GET", ""))?.[1]);
  assert.match(await ask("GET", ""), /^HTTP\/1\.1 503 [^]*"Too many clients"/);
  assert.match(await ask("POST", `&sid=${sids[0]}`, "1"), /^HTTP\/1\.1 200 /);
  assert.match(await ask("GET", ""), /^HTTP\/1\.1 200 [^]*"sid"/);
});

describe("events of one connection", () => {
  test("that wait for room in the log's queue are counted as that, and not as answers that are not read", async (t) => {
    const own = await serve(t);
    const socket = await RawWebSocket.open(t, own.url);
    const channel = newChannel();
    await socket.connect(channel);
    socket.ws._socket.cork();
    for (let i = 0; i < 20_000; i++) socket.publishRaw(channel, "1");
    socket.ws._socket.uncork();
    await waitFor(async () => (await refusals(own)).get("publisher_paused") > 0, { what: "the publisher to wait" });
    await waitFor(() => socket.inbox.all.length > 20_000, { what: "all that was published" });
    assert.equal((await refusals(own)).get("input_paused"), 0);
  });

  test("above the rate are refused in their acks; others publish on, and so does this one later", async (t) => {
    const own = await serve(t, ["--publish-rate", "5"]);
    const channel = newChannel();
    const quick = await Client.open(t, own.url, channel);
    const slow = await Client.open(t, own.url, channel);
    const acks = await quick.publishAll(Array.from({ length: 100 }, (_, i) => `flood ${i}`));
    const refused = acks.filter((ack) => ack.error?.code === "rate_exceeded");
    const stored = acks.filter((ack) => !ack.error);
    assert.equal(refused.length + stored.length, 100);
    assert.ok(stored.length >= 5 && refused.length > 0, `${stored.length} stored, ${refused.length} refused`);
    assertStored(await slow.publish("unhindered"));
    await waitFor(async () => !(await quick.publish("later")).error, { what: "room for another event" });
    assert.deepEqual([...quick.disconnects, ...slow.disconnects], []);
  });
});

describe("packets that ask for work and store nothing", () => {
  test("pings of WebSocket and CONNECT after DISCONNECT, by the thousand, cost the neighbours nothing", async (t) => {
    const own = await serve(t, ["--io-threads", "1"]);
    const channel = newChannel();
    const neighbour = await Client.open(t, own.url, channel);
    const raw = await RawWebSocket.open(t, own.url);
    let pongs = 0;
    raw.ws.on("pong", () => pongs++);
    for (let i = 0; i < 5_000; i++) raw.ws.ping("flood");
    for (let i = 0; i < 2_000; i++) {
      raw.send(`40${channel},{"history":0}`);
      raw.send(`41${channel}`);
    }
    raw.send(`40${channel},{"history":0}`);
    for (let i = 0; i < 20; i++) await neighbour.publish(`message ${i}`);
    for (let i = 0; i < 2_001; i++) {
      let packet;
      do packet = await raw.nextPacket(`reply ${i + 1}`);
      while (packet.type !== 0);
    }
    await waitFor(() => pongs === 5_000, { what: "a pong for each ping" });
    assertInOrderOnce((await neighbour.receives(20)).map((one) => one.offset));
    assert.equal(neighbour.offsets().length, 20);
    assert.deepEqual(neighbour.disconnects, []);
  });
});

describe("requests that take their time", () => {
  for (const [what, head] of [
    ["head", "GET / HTTP/1.1\r\nHost: localhost\r\nX: "],
    ["body", "POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n"],
  ]) {
    test(`with a ${what} that comes byte by byte are answered with 408`, async (t) => {
      const own = await serve(t, ["--message-timeout", "300"]);
      const socket = connect(t, own.port);
      socket.write(head);
      const drip = setInterval(() => socket.write("x"), 20);
      t.after(() => clearInterval(drip));
      await within(socket.ended, "the end of the connection");
      assert.match(socket.got, /^HTTP\/1\.1 408 /);
    });
  }
});

describe("a name that was made to lead here", () => {
  for (const host of ["rebound.example", "rebound.example:3000", "localhost.rebound.example"]) {
    test(`(${host}) opens no session on a server that listens on its own machine only`, async (t) => {
      const own = await serve(t);
      for (const target of ["transport=polling", "transport=websocket"]) {
        const socket = connect(t, own.port);
        socket.write(
          `GET /socket.io/?EIO=4&${target} HTTP/1.1\r\nHost: ${host}\r\nOrigin: http://${host}\r\n` +
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
            "Sec-WebSocket-Version: 13\r\n\r\n",
        );
        await within(socket.ended, "the end of the connection");
        assert.match(socket.got, /^HTTP\/1\.1 403 /);
        assert.match(socket.got, /--cors-origin/);
      }
      const polling = await RawPolling.open(t, own.url);
      assert.equal((await polling.connect("/")).type, 0);
    });
  }

  test("that is listed is the name of a proxy, and may", async (t) => {
    const own = await serve(t, ["--cors-origin", "https://chat.example"]);
    const socket = connect(t, own.port);
    socket.write("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: chat.example\r\n\r\n");
    await waitFor(() => socket.got.includes('"sid"'), { what: "the handshake" });
  });
});
