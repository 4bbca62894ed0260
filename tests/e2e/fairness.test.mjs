// A connection that has used its share of the queue is not read for a while; nothing of what it sends is lost by that.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assertStored, Client, newChannel, RawPolling, RawWebSocket, SEPARATOR, serve, waitFor } from "./support.mjs";

const SHARE = 4096; // drafts that the connections of one I/O thread may have in the queue, all together

describe("who publishes more than its share at once", () => {
  test("over one WebSocket gets an ack for each, in order", async (t) => {
    const own = await serve(t, ["--io-threads", "1"]);
    const channel = newChannel();
    const raw = await RawWebSocket.open(t, own.url);
    await raw.sendPacket(`0${channel},{"history":0}`);
    const acked = [];
    raw.ws.on("message", (data) => {
      const ack = /^43[^,]*,(\d+)\[\{"offset":(\d+)/.exec(data.toString());
      if (ack) acked.push({ id: Number(ack[1]), offset: Number(ack[2]) });
    });
    const count = 3 * SHARE;
    for (let i = 0; i < count; i++) raw.send(`42${channel},${i}["chat message","message ${i}"]`);
    await waitFor(() => acked.length === count, { what: "all acks", timeout: 60_000 });
    assert.deepEqual(acked.map((ack) => ack.id), Array.from({ length: count }, (_, i) => i));
    for (let i = 1; i < count; i++) assert.ok(acked[i].offset > acked[i - 1].offset, `ack ${i}`);
  });

  test("over polling, many at a time, is answered when all of its events are taken, and stops no other", async (t) => {
    const own = await serve(t, ["--io-threads", "1"]);
    const channel = newChannel();
    const PACKETS = 500;
    const POSTS = 3;
    const reader = await Client.open(t, own.url, channel);
    const posters = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const raw = await RawPolling.open(t, own.url);
        await raw.sendPacket(`0/chat/elsewhere-${i},{"history":0}`);
        return raw;
      }),
    );
    const flood = posters.map(async (raw, i) => {
      for (let post = 0; post < POSTS; post++) {
        const events = Array.from({ length: PACKETS }, (_, j) => `42/chat/elsewhere-${i},["chat message","${post}-${j}"]`);
        const answer = await raw.post(events.join(SEPARATOR));
        assert.equal(answer.status, 200);
      }
    });
    for (let i = 0; i < 20; i++) assertStored(await reader.publish(`quiet ${i}`));
    await Promise.all(flood);
    const checks = posters.map(async (_, i) => {
      const late = await Client.open(t, own.url, `/chat/elsewhere-${i}`);
      await late.receives(POSTS * PACKETS);
      const expected = Array.from({ length: POSTS }, (_, post) =>
        Array.from({ length: PACKETS }, (_, j) => `${post}-${j}`),
      ).flat();
      assert.deepEqual(late.payloads(), expected);
    });
    await Promise.all(checks);
  });
});
