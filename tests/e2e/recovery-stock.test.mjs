// The stock client comes back by itself: over lost and half-open connections, under load, across restarts. It must end
// up with every record once and in order, whatever the moment.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  assertInOrderOnce, backend, Client, newChannel, newKey, numbered, publishFromElsewhere, Road, serve, TRANSPORTS,
  waitFor,
} from "./support.mjs";

let server;
before(async () => {
  server = await serve(undefined, ["--relay", "typing"]);
});
after(() => server.stop());

for (const { name, transports } of TRANSPORTS) {
  describe(name, () => {
    test("a dropped client recovers its session and gets exactly what it missed", async (t) => {
      const channel = newChannel();
      const client = await Client.open(t, server.url, channel, { transports });
      await client.publishAll(numbered("seen", 3));
      await client.receives(3);
      const { sid } = client.connects[0];
      client.socket.io.reconnection(false);
      client.drop();
      await waitFor(() => client.disconnects.length === 1, { what: "the drop" });
      await publishFromElsewhere(server.url, channel, numbered("missed", 4));
      client.socket.connect();
      await client.connected(2);
      assert.deepEqual(client.connects[1], { sid, recovered: true, before: 3 });
      await client.publish("live");
      await client.receives(8);
      assert.deepEqual(client.payloads(), [...numbered("seen", 3), ...numbered("missed", 4), "live"]);
    });

    test("a client that had received nothing yet recovers, too (socket.io#5538)", async (t) => {
      const channel = newChannel();
      const client = await Client.open(t, server.url, channel, { transports });
      client.socket.io.reconnection(false);
      client.drop();
      await waitFor(() => client.disconnects.length === 1, { what: "the drop" });
      await publishFromElsewhere(server.url, channel, numbered("missed", 4));
      client.socket.connect();
      await client.connected(2);
      assert.equal(client.connects[1].recovered, true);
      await client.receives(4);
      assert.deepEqual(client.payloads(), numbered("missed", 4));
    });

    test("a client that idled for longer than the recovery window recovers (socket.io#5282)", async (t) => {
      const windowMs = 300;
      const own = await serve(t, ["--recovery-window", String(windowMs)]);
      const channel = newChannel();
      const client = await Client.open(t, own.url, channel, { transports });
      await client.publish("seen");
      await client.receives(1);
      const since = performance.now();
      await waitFor(() => performance.now() - since > 3 * windowMs, { what: "time to pass" });
      const { length } = client.disconnects;
      client.drop();
      await waitFor(() => client.disconnects.length > length, { what: "the drop" });
      await publishFromElsewhere(own.url, channel, ["missed"]);
      await client.connected(2);
      await client.receives(2);
      assert.equal(client.connects[1].recovered, true);
      assert.deepEqual(client.payloads(), ["seen", "missed"]);
    });

    test("a relayed event that ends in a string does not spoil the recovery (socket.io#5539)", async (t) => {
      const channel = newChannel();
      const client = await Client.open(t, server.url, channel, { transports });
      const typist = await Client.open(t, server.url, channel);
      await typist.publish("seen");
      await client.receives(1);
      typist.socket.emit("typing", "ann");
      await waitFor(() => client.received.length >= 2, { what: "the relayed event" });
      assert.deepEqual([client.received[1].event, client.received[1].payload], ["typing", "ann"]);
      client.socket.io.reconnection(false);
      client.drop();
      await waitFor(() => client.disconnects.length === 1, { what: "the drop" });
      await typist.publishAll(["missed", "missed, too"]);
      client.socket.connect();
      await client.connected(2);
      await client.receives(3);
      assert.equal(client.connects[1].recovered, true);
      assert.deepEqual(client.payloads(), ["seen", "missed", "missed, too"]);
    });

    test("drops while others publish without a pause cost nothing", async (t) => {
      const channel = newChannel();
      const road = await Road.to(t, server.port);
      const steady = await Client.open(t, server.url, channel);
      const dropped = await Client.open(t, road.url, channel, { transports });
      const publisher = await Client.open(t, server.url, channel);
      let [published, stop] = [0, false];
      const publishing = (async () => {
        while (!stop) {
          await publisher.publishAll(numbered(`batch ${published}`, 10));
          published += 10;
        }
      })();
      for (let drops = 1; drops <= 5; drops++) {
        const seen = dropped.messages().length;
        await waitFor(() => dropped.messages().length > seen, { what: "a message between the drops" });
        const { length } = dropped.connects;
        // A poll's answer that was on its way is lost in any Engine.IO server; the offset brings it back.
        await road.dropOf(dropped);
        await dropped.connected(length + 1);
        assert.equal(dropped.connects.at(-1).recovered, true);
      }
      stop = true;
      await publishing;
      await steady.receives(published);
      await dropped.receives(published);
      assertInOrderOnce(dropped.offsets());
      assert.deepEqual(dropped.offsets(), steady.offsets());
      assert.deepEqual(dropped.payloads(), steady.payloads());
    });
  });
}

test("a client comes back at once while the server still believes in its old connection (socket.io#4880)", async (t) => {
  const channel = newChannel();
  const road = await Road.to(t, server.port);
  const client = await Client.open(t, road.url, channel);
  await client.publish("seen");
  await client.receives(1);
  for (let times = 1; times <= 3; times++) {
    road.strand();
    await client.connected(times + 1);
    assert.equal(client.connects.at(-1).recovered, true, `after ${times} half-open connections`);
    assert.equal(client.connects.at(-1).sid, client.connects[0].sid);
    await client.publish(`round ${times}`);
  }
  await client.receives(4);
  assert.deepEqual(client.payloads(), ["seen", "round 1", "round 2", "round 3"]);
});

test("the old connection that was taken over is closed by the server", async (t) => {
  const road = await Road.to(t, server.port);
  const client = await Client.open(t, road.url, newChannel());
  await client.publish("seen");
  await client.receives(1);
  road.strand();
  await client.connected(2);
  await client.publish("again");
  // A stranded connection is paused, so its end shows only once it is read on; the server's end is what counts.
  road.resumeStranded();
  await waitFor(() => road.open === 1, { what: "the old connection to end" });
});

test("a client that left by itself is gone: no recovery, and serverOffset decides", async (t) => {
  const channel = newChannel();
  const client = await Client.open(t, server.url, channel);
  const [, last] = await client.publishAll(["one", "two"]);
  await client.receives(2);
  client.socket.disconnect();
  client.socket.auth = { serverOffset: last.offset };
  await publishFromElsewhere(server.url, channel, ["three"]);
  client.socket.connect();
  await client.connected(2);
  await client.receives(3);
  assert.equal(client.connects[1].recovered, false);
  assert.deepEqual(client.payloads(), ["one", "two", "three"]);
});

describe("across restarts", { skip: backend === "memory" }, () => {
  for (const how of ["SIGKILL", "SIGTERM"]) {
    for (const { name, transports } of TRANSPORTS) {
      test(`after ${how}, ${name}, the client has recovered and sees every record once (socket.io#5413)`, async (t) => {
        const own = await serve(t);
        const channel = newChannel();
        const client = await Client.open(t, own.url, channel, { transports });
        for (let round = 0; round < 3; round++) {
          await client.publishAll(numbered(`round ${round}`, 10));
          if (how === "SIGTERM") assert.deepEqual(await own.stop(), { code: 0, signal: null });
          await own.restart();
          await client.connected(round + 2);
          assert.equal(client.connects.at(-1).recovered, true);
          assert.equal(client.connects.at(-1).sid, client.connects[0].sid);
        }
        await client.publish("last");
        await client.receives(31);
        assertInOrderOnce(client.offsets());
        assert.deepEqual(client.payloads(), [0, 1, 2].flatMap((round) => numbered(`round ${round}`, 10)).concat("last"));
      });
    }
  }

  test("publishing with retries through three kills stores every message once, and all see it", async (t) => {
    const own = await serve(t);
    const channel = newChannel();
    const witness = await Client.open(t, own.url, channel);
    const sender = await Client.open(t, own.url, channel, { retries: 100, ackTimeout: 2000 });
    const count = 200;
    let acknowledged = 0;
    for (const payload of numbered("m", count)) {
      sender.socket.emit("chat message", payload, newKey(), (error) => (acknowledged += error === null ? 1 : 0));
    }
    for (const enough of [20, 60, 120]) {
      await waitFor(() => acknowledged >= enough, { what: `${enough} acks` });
      await own.restart();
    }
    await waitFor(() => acknowledged === count, { timeout: 20_000, what: `${count} acks` });
    for (const client of [witness, sender]) {
      await client.receives(count);
      assertInOrderOnce(client.offsets());
      assert.deepEqual(client.payloads(), numbered("m", count));
    }
  });
});
