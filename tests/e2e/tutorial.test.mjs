// The calls of the Socket.IO tutorial, as its pages show them (steps "Server delivery" and "Client delivery").
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { io } from "socket.io-client";
import { newChannel, numbered, publishFromElsewhere, Road, serve, TRANSPORTS, waitFor, within } from "./support.mjs";

let server;
before(async () => {
  server = await serve();
});
after(() => server.stop());

/** The tutorial's page; only reconnecting faster and over the given transports. */
function tutorialPage(t, url, transports) {
  const page = { messages: [], acks: [] };
  let counter = 0;
  const socket = io(url, {
    auth: { serverOffset: 0 },
    ackTimeout: 10000,
    retries: 3,
    forceNew: true,
    transports,
    reconnectionDelay: 10,
    reconnectionDelayMax: 50,
  });
  page.socket = socket;
  page.submit = (text) => {
    const clientOffset = `${socket.id}-${counter++}`;
    socket.emit("chat message", text, clientOffset, (error, answer) => page.acks.push(error ?? answer));
  };
  socket.on("chat message", (msg, serverOffset) => {
    page.messages.push(msg);
    socket.auth.serverOffset = serverOffset;
  });
  t.after(() => socket.disconnect());
  return page;
}

for (const { name, transports } of TRANSPORTS) {
  describe(name, () => {
    test("the tutorial's page shows everything once and in order, over drops and while it is away", async (t) => {
      const channel = newChannel();
      const road = await Road.to(t, server.port);
      await publishFromElsewhere(server.url, channel, numbered("before", 3));
      const page = tutorialPage(t, road.url + channel, transports);
      await waitFor(() => page.messages.length >= 3, { what: "the history" });
      for (const text of numbered("mine", 3)) page.submit(text);
      await waitFor(() => page.acks.length >= 3, { what: "3 acks" });
      page.socket.io.reconnection(false);
      // A client that polls may be between two requests, and then there is nothing to cut.
      await waitFor(() => !page.socket.connected || (road.cut(), false), { what: "the drop" });
      await publishFromElsewhere(server.url, channel, numbered("while away", 3));
      for (const text of numbered("offline", 2)) page.submit(text);
      page.socket.io.reconnection(true);
      page.socket.connect();
      await waitFor(() => page.messages.length >= 11, { what: "11 messages" });
      await waitFor(() => page.acks.length >= 5, { what: "5 acks" });
      assert.deepEqual(page.messages, [
        ...numbered("before", 3), ...numbered("mine", 3), ...numbered("while away", 3), ...numbered("offline", 2),
      ]);
      for (const ack of page.acks) assert.equal(ack.duplicate, false, String(ack));
    });
  });
}

test("a resubmission whose first ack was lost is stored once and acknowledged with the first offset", async (t) => {
  const channel = newChannel();
  const road = await Road.to(t, server.port);
  const page = tutorialPage(t, road.url + channel, ["websocket"]);
  const witness = tutorialPage(t, server.url + channel, ["websocket"]);
  await waitFor(() => page.socket.connected && witness.socket.connected, { what: "both pages" });
  for (let round = 0; round < 20; round++) {
    page.submit(`round ${round}`);
    if (round % 3 === 1) road.cut();
    await waitFor(() => witness.messages.length > round, { what: `round ${round}` });
    if (round % 3 === 2) road.cut();
  }
  await waitFor(() => page.acks.length >= 20 && page.messages.length >= 20, { what: "20 acks" });
  assert.deepEqual(witness.messages, numbered("round", 20));
  assert.deepEqual(page.messages, numbered("round", 20));
});

test("a reloaded page that kept its serverOffset goes on where it was", async (t) => {
  const channel = newChannel();
  const acks = await publishFromElsewhere(server.url, channel, numbered("line", 5));
  const reloaded = io(server.url + channel, { auth: { serverOffset: acks[2].offset }, forceNew: true });
  t.after(() => reloaded.disconnect());
  const got = [];
  await within(
    new Promise((resolve) => reloaded.on("chat message", (msg) => got.push(msg) === 2 && resolve())),
    "the two missed lines",
  );
  assert.deepEqual(got, ["line 3", "line 4"]);
});
