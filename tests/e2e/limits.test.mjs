// What the server as a whole can take has limits that an operator sets. One too many is told so; all others go on.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { describe, test } from "node:test";
import { assertStored, Client, newChannel, RawPolling, RawWebSocket, request, serve, waitFor, within } from "./support.mjs";

/** The message of the CONNECT_ERROR that joining `channel` is answered with, or undefined. */
async function join(raw, channel, auth = { history: 0 }) {
  const { message, pid } = await raw.connect(channel, auth);
  raw.pid = pid;
  return message;
}

async function assertWorks(client) {
  assertStored(await client.publish("still here"));
  assert.deepEqual(client.disconnects, []);
}

test("a connection above --connections is refused with 503 and a line, and there is room when another has ended", async (t) => {
  const own = await serve(t, ["--connections", "2", "--io-threads", "1"]);
  const client = await Client.open(t, own.url, newChannel(), { transports: ["websocket"] });
  const second = await RawWebSocket.open(t, own.url);
  const socket = net.connect(own.port, "localhost");
  socket.on("error", () => {});
  let got = "";
  socket.on("data", (chunk) => (got += chunk));
  await within(once(socket, "close"), "the end of the third connection");
  assert.match(got, /^HTTP\/1\.1 503 [^]*\r\n\r\ntoo many connections\n$/);
  await assertWorks(client);
  second.terminate();
  await waitFor(async () => (await request(own.url, "/healthz").catch(() => ({}))).status === 200, { what: "room" });
});

test("a client over polling above --connections is refused with 503 and a message", async (t) => {
  const own = await serve(t, ["--connections", "2", "--io-threads", "1"]);
  // They hold sessions, not connections.
  await RawPolling.open(t, own.url);
  await RawPolling.open(t, own.url);
  await waitFor(
    async () => {
      const answer = await request(own.url, "/socket.io/?EIO=4&transport=polling").catch(() => ({}));
      return answer.status === 503 && JSON.parse(answer.text).message === "Too many clients";
    },
    { what: "the refusal of the third client" },
  );
});

describe("sessions over polling of one connection", () => {
  async function openSessions(t, { port }, count) {
    const socket = net.connect(port, "127.0.0.1");
    t.after(() => socket.destroy());
    let got = "";
    socket.setEncoding("utf8").on("data", (chunk) => (got += chunk));
    socket.write("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(count));
    await waitFor(() => (got.match(/HTTP\/1\.1 /g) ?? []).length === count, { what: `${count} answers` });
    return { statuses: got.match(/(?<=HTTP\/1\.1 )\d+/g), threads: got.match(/(?<="sid":")\w{3}/g) };
  }

  test("may be all of --connections, whatever thread it is at", async (t) => {
    const own = await serve(t, ["--connections", "10", "--io-threads", "2"]);
    const { statuses } = await openSessions(t, own, 11);
    assert.deepEqual(statuses, [...Array(10).fill("200"), "503"]);
  });

  test("send new connections to the other threads", async (t) => {
    const own = await serve(t, ["--io-threads", "2"]);
    const [busy] = (await openSessions(t, own, 20)).threads;
    await openSessions(t, own, 1); // it was to be accepted by its thread before
    for (let i = 0; i < 4; i++) assert.notEqual((await openSessions(t, own, 1)).threads[0], busy);
  });
});

test("above --sessions a client that left makes room; while all are there, CONNECT is answered with an error", async (t) => {
  const own = await serve(t, ["--sessions", "2", "--io-threads", "1"]);
  const channel = newChannel();
  const client = await Client.open(t, own.url, channel);
  const second = await RawWebSocket.open(t, own.url);
  assert.equal(await join(second, channel), undefined);
  const third = await RawWebSocket.open(t, own.url);
  assert.equal(await join(third, channel), "Too many sessions");
  await assertWorks(client);
  const lost = second.pid;
  second.terminate();
  await second.closed;
  const joined = async () => (await join(third, channel)) === undefined;
  await waitFor(joined, { what: "room for the third" });
  // The one that left has lost its session to it.
  const back = await RawWebSocket.open(t, own.url);
  assert.equal(await join(back, channel, { pid: lost, history: 0 }), "Too many sessions");
  await assertWorks(client);
});

test("above --channels-followed joining another channel is answered with an error; one that is followed is not", async (t) => {
  const own = await serve(t, ["--channels-followed", "2", "--io-threads", "1"]);
  const [first, second, third] = [newChannel(), newChannel(), newChannel()];
  const client = await Client.open(t, own.url, first);
  const raw = await RawWebSocket.open(t, own.url);
  assert.equal(await join(raw, second), undefined);
  assert.equal(await join(raw, third), "Too many channels");
  assert.equal(await join(raw, first), undefined);
  await assertWorks(client);
});

test("above --channels-per-connection joining another channel is answered with an error, on that connection only", async (t) => {
  const own = await serve(t, ["--channels-per-connection", "2", "--io-threads", "1"]);
  const channel = newChannel();
  const client = await Client.open(t, own.url, channel);
  const raw = await RawWebSocket.open(t, own.url);
  assert.equal(await join(raw, newChannel()), undefined);
  assert.equal(await join(raw, newChannel()), undefined);
  assert.equal(await join(raw, channel), "Too many namespaces");
  const other = await RawWebSocket.open(t, own.url);
  assert.equal(await join(other, newChannel()), undefined);
  await assertWorks(client);
});
