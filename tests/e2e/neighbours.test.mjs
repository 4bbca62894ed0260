// Bad neighbours: clients that do not read, come and go by the thousand, or send garbage. Others do not notice, and the
// server's memory stays within bounds named here.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import net from "node:net";
import { after, before, test } from "node:test";
import { patience, seeded } from "../harness.mjs";
import { backend, Client, newChannel, numbered, RawPolling, RawWebSocket, serve, waitFor } from "./support.mjs";

const MIB = 1024 * 1024;
const sanitized = patience > 1;
// A queue per stalled client would hold up to 20 x 20 MB. The same traffic goes through the channel once before, so
// that buffers and the engine's cache have the size they need. What stalled clients may add, however many they are, is
// a full tail (16 MiB for a channel) in each I/O thread, and some slack; the memory engine keeps the records, too.
const IO_THREADS = 2;
const STALLED_CLIENTS = 20;
const STALLED_RSS_GROWTH_BYTES = IO_THREADS * 16 * MIB + 16 * MIB + (backend === "memory" ? 20 * MIB : 0);
// limits::kUnsentBytes, and what is on its way.
const UNSENT_BYTES = 512 * 1024;
// What 10,000 come-and-go connections may leave behind: abandoned polling sessions wait for their ping timeout.
const DROPPED_CONNECTIONS = 10_000;
const DROPPED_RSS_GROWTH_BYTES = 64 * MIB;
const GARBAGE_CONNECTIONS = 200;

let server;
before(async () => {
  server = await serve(undefined, ["--io-threads", String(IO_THREADS)]);
});
after(() => server.stop());

function rss({ pid }) {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;
}

/** What the kernel keeps for each connection to this port: not sent, or not acknowledged. */
function unsentBytes(port) {
  const local = Number(port).toString(16).toUpperCase().padStart(4, "0");
  const established = new RegExp(`^ *\\d+: [0-9A-F]+:${local} [0-9A-F:]+ 01 ([0-9A-F]+):`, "gm");
  const tables = readFileSync("/proc/net/tcp", "utf8") + readFileSync("/proc/net/tcp6", "utf8");
  return [...tables.matchAll(established)].map(([, bytes]) => parseInt(bytes, 16));
}

function assertGrowth(growth, most) {
  if (sanitized) return; // a build with the compiler's checks keeps freed memory to watch it
  assert.ok(growth < most, `the server grew by ${Math.round(growth / MIB)} MiB`);
}

async function chatStillWorks(t) {
  const channel = newChannel();
  const clients = [
    await Client.open(t, server.url, channel),
    await Client.open(t, server.url, channel, { transports: ["polling"] }),
  ];
  await clients[0].publishAll(numbered("fine", 10));
  for (const client of clients) {
    await client.receives(10);
    assert.deepEqual(client.payloads(), numbered("fine", 10));
  }
}

test("clients that never read stop nobody, cost no memory, and get everything once they read on (socket.io#4435)", async (t) => {
  const channel = newChannel();
  const publisher = await Client.open(t, server.url, channel);
  const payload = "x".repeat(100_000);
  const publish20Megabytes = async () => {
    let largest = 0;
    for (let i = 0; i < 200; i += 10) {
      await Promise.all(Array.from({ length: 10 }, () => publisher.publish(payload)));
      largest = Math.max(largest, rss(server));
    }
    return largest;
  };
  const before = await publish20Megabytes();
  await publisher.receives(200);
  const stalled = [];
  for (let i = 0; i < STALLED_CLIENTS; i++) {
    const raw = await RawWebSocket.open(t, server.url);
    await raw.connect(channel, { serverOffset: publisher.offsets().at(-1) });
    raw.ws.pause();
    stalled.push(raw);
  }
  const largest = await publish20Megabytes();
  await publisher.receives(400);
  const growth = largest - before;
  assertGrowth(growth, STALLED_RSS_GROWTH_BYTES);
  const unsent = unsentBytes(new URL(server.url).port);
  // The publisher's last deliveries may be on their way, too.
  assert.ok(unsent.filter((bytes) => bytes > 0).length >= STALLED_CLIENTS);
  assert.ok(Math.max(...unsent) < UNSENT_BYTES, `the kernel keeps ${Math.max(...unsent)} bytes for a stalled client`);
  t.diagnostic(`20 MB published past ${STALLED_CLIENTS} stalled clients: the server grew by ${Math.round(growth / MIB)} MiB`);
  for (const raw of stalled) raw.ws.resume();
  for (const raw of stalled) {
    const deliveries = await raw.deliveries(200);
    assert.deepEqual(deliveries.map(({ offset }) => offset), publisher.offsets().slice(200));
    raw.terminate();
  }
});

test("a polling client that stops polling costs nothing and gets everything once it polls on", async (t) => {
  const channel = newChannel();
  const lazy = await RawPolling.open(t, server.url);
  await lazy.connect(channel);
  const publisher = await Client.open(t, server.url, channel);
  await publisher.publishAll(numbered("m", 1000));
  await publisher.receives(1000);
  const deliveries = await lazy.deliveries(1000);
  assert.deepEqual(deliveries.map(({ offset }) => offset), publisher.offsets());
});

test("ten thousand connections that come and go leave nothing behind", async (t) => {
  await chatStillWorks(t);
  const before = rss(server);
  const port = server.port;
  const websocketHandshake =
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket" +
    "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  const pollingHandshake = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const ways = ["", "GET /socket.io/?EIO=4&tr", websocketHandshake, pollingHandshake, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"];
  const comeAndGo = (i) =>
    new Promise((resolve) => {
      const bytes = ways[i % ways.length];
      const socket = net.connect({ port, host: "localhost" });
      socket.on("error", () => {});
      socket.on("close", resolve);
      const leave = () => (i % 2 ? socket.destroy() : socket.resetAndDestroy());
      socket.on("connect", () => {
        if (bytes) socket.write(bytes);
        if (!bytes.endsWith("\r\n\r\n")) leave();
      });
      socket.on("data", leave);
    });
  for (let i = 0; i < DROPPED_CONNECTIONS; i += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, k) => comeAndGo(i + k)));
  }
  const growth = rss(server) - before;
  t.diagnostic(`${DROPPED_CONNECTIONS} connections dropped: the server grew by ${Math.round(growth / MIB)} MiB`);
  assertGrowth(growth, DROPPED_RSS_GROWTH_BYTES);
  await chatStillWorks(t);
});

test("two hundred connections that send garbage are closed, and chat goes on", async (t) => {
  const seed = 20261123;
  const random = seeded(seed);
  t.diagnostic(`seed ${seed}`);
  const channel = newChannel();
  const neighbour = await Client.open(t, server.url, channel);
  const garbage = (length) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
  const raws = [];
  let closed = 0;
  for (let i = 0; i < GARBAGE_CONNECTIONS; i++) {
    const bytes = garbage(1 + Math.floor(random() * 2000));
    if (i % 2) {
      // Past the WebSocket handshake, in whole messages and in broken frames.
      const raw = await RawWebSocket.open(undefined, server.url);
      raws.push(raw);
      raw.ws.on("error", () => {});
      raw.ws.on("close", () => closed++);
      if (i % 4 === 1) raw.ws.send(bytes, { binary: i % 8 === 1 });
      else raw.ws._socket.write(bytes);
      raw.ws._socket.end();
    } else {
      const socket = net.connect({ port: server.port, host: "localhost" });
      socket.on("error", () => {});
      socket.on("close", () => closed++);
      socket.on("connect", () => socket.end(i % 4 ? Buffer.concat([Buffer.from("POST /socket.io/?"), bytes]) : bytes));
      socket.resume();
    }
  }
  await waitFor(() => closed === GARBAGE_CONNECTIONS, { timeout: 20_000, what: "all of them to be closed" }).catch((error) => {
    throw new Error(`${error.message}: ${closed} of ${GARBAGE_CONNECTIONS} are`);
  });
  await neighbour.publish("still here");
  await neighbour.receives(1);
  assert.deepEqual(neighbour.disconnects, []);
  await chatStillWorks(t);
});
