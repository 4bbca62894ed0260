// Every refusal is counted: each row provokes one and sees its counter move at /metrics. Those that take a wait of
// minutes or a hundred thousand clients are counted in tests/unit/server/refusals_test.cpp; the last test sees that none
// is left out, and that docs/security.md names each.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { repositoryRoot } from "../harness.mjs";
import { newChannel, RawPolling, RawWebSocket, refusals, serve, waitFor } from "./support.mjs";

const POLL = "/socket.io/?EIO=4&transport=polling";
const MASK = [0, 0, 0, 0];
const METRICS_ADDRESS = "127.0.0.77"; // the limit for one address must not stop who looks

const IN_UNIT_TESTS = [
  "too_many_connections", "silent_connection", "unread_answer", "too_many_sessions", "upgrade_timeout",
  "too_many_channels", "publisher_paused", "too_many_reads", "too_many_streams", "not_stored",
  "channels_full",
];
const IN_FLOODS = ["no_descriptors"];

const servers = new Map();
const covered = new Set([...IN_UNIT_TESTS, ...IN_FLOODS]);
after(() => Promise.all([...servers.values()].map(async (server) => (await server).stop())));

/** A server with these arguments; rows with the same ones share it. */
function serverWith(args) {
  const key = args.join(" ");
  if (!servers.has(key)) servers.set(key, serve(undefined, args));
  return servers.get(key);
}

/** Sends bytes on a connection of its own. */
function send(t, port, bytes, options = {}) {
  const socket = net.connect({ port, host: "127.0.0.1", ...options });
  t.after(() => socket.destroy());
  socket.on("error", () => {});
  socket.resume();
  socket.write(bytes);
  return socket;
}
const head = (path, fields = "Host: localhost\r\n", method = "GET") => `${method} ${path} HTTP/1.1\r\n${fields}\r\n`;

async function raw(t, server) {
  const socket = await RawWebSocket.open(t, server.url);
  socket.ws.on("error", () => {});
  return socket;
}
/** Sends bytes that are no WebSocket library's choice. */
const frame = (socket, bytes) => socket.ws._socket.write(Buffer.from(bytes));

async function publish(t, server, args) {
  const socket = await raw(t, server);
  const channel = newChannel();
  await socket.connect(channel);
  for (const each of args) await socket.sendPacket(`2${channel},1${each}`);
}

async function connectWith(t, server, channel, auth) {
  const socket = await raw(t, server);
  assert.equal((await socket.connect(channel, auth)).type, auth?.pid ? 0 : 4);
}

const ROWS = [
  ["too_many_connections_of_address", ["--connections-per-address", "1"], (t, { port }) => {
    send(t, port, head("/healthz"));
    send(t, port, head("/healthz"));
  }],
  ["bad_request", [], (t, { port }) => send(t, port, "GET / HTTP/1.1\nHost: localhost\n\n")],
  ["head_too_large", [], (t, { port }) => send(t, port, head("/", `Host: localhost\r\nX: ${"x".repeat(20_000)}\r\n`))],
  ["body_too_large", [], (t, { port }) =>
    send(t, port, head(POLL, "Host: localhost\r\nContent-Length: 1000001\r\n", "POST"))],
  ["request_timeout", ["--message-timeout", "200"], (t, { port }) => send(t, port, "GET / HTTP/1.1\r\nHost:")],
  ["pipelined", [], async (t, { port, url }) => {
    const polling = await RawPolling.open(t, url);
    // The first is held, so that the others have to wait.
    send(t, port, head(`${POLL}&sid=${polling.handshake.sid}`) + head("/healthz").repeat(20_000));
  }],
  ["foreign_host", [], (t, { port }) => send(t, port, head(POLL, "Host: rebound.example\r\n"))],
  ["foreign_origin", [], (t, { port }) =>
    send(t, port, head(POLL, "Host: localhost\r\nOrigin: https://stranger.example\r\n"))],
  ["unknown_session", [], (t, { port }) => send(t, port, head(`${POLL}&sid=000nobody`))],
  ["overlapping_polls", [], async (t, { port, url }) => {
    const { handshake } = await RawPolling.open(t, url);
    send(t, port, head(`${POLL}&sid=${handshake.sid}`));
    send(t, port, head(`${POLL}&sid=${handshake.sid}`));
  }],
  ["unread_session", [], async (t, { url }) => {
    const polling = await RawPolling.open(t, url);
    await polling.post("40");
    const refused = Array.from({ length: 500 }, (_, id) => `42${id}["nobody logs this",1]`).join("\x1e");
    while ((await polling.post(refused)).status === 200);
  }],
  ["ping_timeout", ["--ping-interval", "100", "--ping-timeout", "100"], (t, { port }) => send(t, port, head(POLL))],
  ["connect_timeout", ["--connect-timeout", "200"], (t, { port }) => send(t, port, head(POLL))],
  ["bad_packet", [], async (t, server) => (await raw(t, server)).send("9")],
  ["bad_frame", [], async (t, server) => frame(await raw(t, server), [0x81, 0x01, 0x34])], // not masked
  ["frame_too_large", [], async (t, server) =>
    frame(await raw(t, server), [0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, ...MASK])],
  ["unfinished_message", ["--message-timeout", "200"], async (t, server) => {
    const socket = await raw(t, server);
    await socket.connect(newChannel());
    frame(socket, [0x81, 0x8a, ...MASK, 0x34]);
  }],
  ["surplus_websocket", [], async (t, { url }) => {
    const { handshake } = await RawPolling.open(t, url);
    for (let i = 0; i < 2; i++) {
      const socket = new RawWebSocket(url, { sid: handshake.sid });
      t.after(() => socket.terminate());
      await socket.opened;
    }
  }],
  ["input_paused", [], async (t, server) => {
    const socket = await raw(t, server);
    socket.ws.pause();
    const before = (await counts(server)).get("input_paused");
    const ping = [0x89, 0xfd, ...MASK, ...new Array(125).fill(0x20)];
    const pings = Buffer.from(Array.from({ length: 1000 }, () => ping).flat());
    await waitFor(
      async () => {
        if (socket.ws._socket.writableLength === 0) socket.ws._socket.write(pings);
        return (await counts(server)).get("input_paused") > before;
      },
      { what: "the server to stop reading" },
    );
  }],
  ["invalid_namespace", [], (t, server) => connectWith(t, server, "/nowhere")],
  ["bad_auth", [], (t, server) => connectWith(t, server, newChannel(), { serverOffset: "x" })],
  ["too_many_namespaces", [], async (t, server) => {
    const socket = await raw(t, server);
    for (let i = 0; i < 33; i++) await socket.connect(newChannel());
  }],
  ["pid_unknown", [], (t, server) => connectWith(t, server, newChannel(), { pid: "forged" })],
  ["pid_expired", [], async (t, server) => {
    const socket = await raw(t, server);
    const channel = newChannel();
    const { pid } = await socket.connect(channel);
    socket.send(`41${channel},`); // left for good
    await connectWith(t, server, channel, { pid });
  }],
  ["unknown_event", [], (t, server) => publish(t, server, ['["nobody logs this",1]'])],
  ["missing_payload", [], (t, server) => publish(t, server, ['["chat message"]'])],
  ["too_many_arguments", [], (t, server) => publish(t, server, ['["chat message",1,"k",2]'])],
  ["bad_client_key", [], (t, server) => publish(t, server, ['["chat message",1,5]'])],
  ["payload_too_large", ["--max-payload", "2000"], (t, server) =>
    publish(t, server, [`["chat message","${"x".repeat(3000)}"]`])],
  ["too_deep", [], (t, server) => publish(t, server, [`["chat message",${"[".repeat(70)}${"]".repeat(70)}]`])],
  ["too_many_attachments", [], async (t, server) => {
    const socket = await raw(t, server);
    const channel = newChannel();
    await socket.connect(channel);
    const holders = Array.from({ length: 11 }, (_, num) => `{"_placeholder":true,"num":${num}}`);
    await socket.sendPacket(`511-${channel},1["chat message",[${holders}]]`);
    for (let i = 0; i < 11; i++) socket.send(Buffer.from("x"));
  }],
  ["event_name_too_long", [], (t, server) => publish(t, server, [`["${"e".repeat(256)}",1]`])],
  ["rate_exceeded", ["--publish-rate", "1"], (t, server) =>
    publish(t, server, ['["chat message",1]', '["chat message",2]', '["chat message",3]'])],
];

const counts = (server) => refusals(server, METRICS_ADDRESS);

describe("a refusal is counted:", () => {
  for (const [name, args, provoke] of ROWS) {
    covered.add(name);
    test(name, async (t) => {
      const server = await serverWith(args);
      const before = (await counts(server)).get(name);
      await provoke(t, server);
      await waitFor(async () => (await counts(server)).get(name) > before, { what: `the counter of ${name}` });
    });
  }

  test("nothing else is counted where nothing was refused", async (t) => {
    const server = await serve(t);
    const socket = await RawWebSocket.open(t, server.url);
    const channel = newChannel();
    await socket.connect(channel);
    await socket.publishRaw(channel, '"fine"', { id: 1 });
    await socket.nextPacket("the ack or the record");
    for (const [name, value] of await counts(server)) assert.equal(value, 0, name);
  });

  test("each counter is provoked by a test and named in docs/security.md", async () => {
    const names = [...(await counts(await serverWith([]))).keys()];
    assert.deepEqual(names.toSorted(), [...covered].toSorted());
    const docs = readFileSync(join(repositoryRoot, "docs", "security.md"), "utf8");
    assert.deepEqual(names.filter((name) => !docs.includes(`\`${name}\``)), []);
  });
});
