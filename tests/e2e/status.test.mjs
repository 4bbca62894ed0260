// The opt-in status of a subscription: who asks is told what is going on, who does not ask gets nothing extra.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Client, newChannel, numbered, publishFromElsewhere, serve, waitFor } from "./support.mjs";

let server;
before(async () => {
  server = await serve();
});
after(() => server.stop());

const statusOf = (client) => client.received.filter(({ event }) => event === "log:status").map(({ payload }) => payload);

const becomesLive = (client, times = 1) =>
  waitFor(() => statusOf(client).filter(({ state }) => state === "live").length >= times, {
    what: `live for the ${times}. time; came: ${JSON.stringify(statusOf(client))}`,
  });

function assertShape(status) {
  for (const one of status) {
    assert.deepEqual(Object.keys(one), ["state", "from", "to"]);
    assert.ok(["resumed", "replaying", "live"].includes(one.state), one.state);
    assert.ok(Number.isSafeInteger(one.from) && one.from >= 0, `from ${one.from}`);
    assert.ok(Number.isSafeInteger(one.to) && one.to >= 0, `to ${one.to}`);
  }
}

test("a client that asks is told when its replay begins and when it is live", async (t) => {
  const channel = newChannel();
  const acks = await publishFromElsewhere(server.url, channel, numbered("m", 5));
  const client = await Client.open(t, server.url, channel, { auth: { status: true } });
  await becomesLive(client);
  await client.receives(5);
  const status = statusOf(client);
  assertShape(status);
  assert.deepEqual(status.map(({ state }) => state), ["replaying", "live"]);
  assert.ok(status[0].from <= acks[0].offset && status[0].to >= acks[4].offset, JSON.stringify(status[0]));
  assert.ok(status[1].to >= acks[4].offset, JSON.stringify(status[1]));
  const order = client.received.map(({ event }) => event);
  assert.deepEqual(order, ["log:status", ...Array(5).fill("chat message"), "log:status"]);
});

test("a client that comes back is told that it has resumed", async (t) => {
  // Each I/O thread holds the tails of its own clients' channels, and whoever comes back may come to another thread.
  const server = await serve(t, ["--io-threads", "1"]);
  const channel = newChannel();
  const client = await Client.open(t, server.url, channel, { auth: { status: true } });
  await becomesLive(client);
  await client.publish("seen");
  await client.receives(1);
  client.socket.io.reconnection(false);
  client.drop();
  await waitFor(() => client.disconnects.length === 1, { what: "the drop" });
  await publishFromElsewhere(server.url, channel, ["missed"]);
  client.socket.connect();
  await client.connected(2);
  await becomesLive(client, 2);
  await client.receives(2);
  assertShape(statusOf(client));
  assert.deepEqual(statusOf(client).slice(-2).map(({ state }) => state), ["resumed", "live"]);
  assert.deepEqual(client.payloads(), ["seen", "missed"]);
});

test("status events never move the client's own offset to where it has not been", async (t) => {
  const channel = newChannel();
  await publishFromElsewhere(server.url, channel, numbered("old", 3));
  const client = await Client.open(t, server.url, channel, { auth: { status: true } });
  const expected = numbered("old", 3);
  for (let round = 0; round < 3; round++) {
    await becomesLive(client, round + 1);
    client.socket.io.reconnection(false);
    client.drop();
    await waitFor(() => client.disconnects.length === round + 1, { what: "the drop" });
    await publishFromElsewhere(server.url, channel, [`round ${round}`]);
    expected.push(`round ${round}`);
    client.socket.connect();
    await client.connected(round + 2);
    assert.equal(client.connects.at(-1).recovered, true);
    await client.receives(expected.length);
  }
  assert.deepEqual(client.payloads(), expected);
});

test("nothing extra is sent to those who did not ask, or asked for it with anything but true", async (t) => {
  const channel = newChannel();
  await publishFromElsewhere(server.url, channel, numbered("m", 3));
  for (const auth of [{}, { status: false }, { status: 1 }, { status: "true" }, { status: null }]) {
    const client = await Client.open(t, server.url, channel, { auth });
    await client.receives(3);
    const before = client.messages().length;
    await publishFromElsewhere(server.url, channel, ["live"]);
    await client.receives(before + 1);
    assert.deepEqual([...new Set(client.received.map(({ event }) => event))], ["chat message"], JSON.stringify(auth));
    client.close();
  }
});
