// The disk fills up under a running server: nothing is acknowledged that is not stored, readers go on, the server says
// why, and everything resumes by itself once there is room.
import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Client, newChannel, newKey, numbered, request, serve, smallDisk, waitFor } from "./support.mjs";

const DISK_MEBIBYTES = 224;

/** Publishes without waiting; what was acknowledged is in the answer, in order. */
function publishLater(client, payloads) {
  const acks = [];
  for (const payload of payloads) {
    client.socket.emit("chat message", payload, newKey(), (_error, ack) => acks.push({ payload, offset: ack?.offset }));
  }
  return acks;
}

const persistent = { retries: 100, ackTimeout: 400 }; // asks again until it is answered
const notReady = async (url) => (await request(url, "/readyz")).status === 503;
const ready = async (url) => (await request(url, "/readyz")).status === 200;

describe("on a full disk", () => {
  for (const [guard, args, leave] of [
    ["the guard refuses before the engine is at the end of the disk", ["--min-free", "16MiB"], 4 * 1024 * 1024],
    ["the engine itself finds no room, where no guard was wanted", ["--min-free", "0"], 0],
  ]) {
    it(`${guard}: no acknowledgement, readers go on, and with room all resumes`, async (t) => {
      const disk = smallDisk(t, DISK_MEBIBYTES);
      if (!disk) return;
      const server = await serve(t, args, { data: join(disk.path, "data") });
      const channel = newChannel();
      const publisher = await Client.open(t, server.url, channel, persistent);
      const before = numbered("before", 20);
      await publisher.publishAll(before);

      disk.fill(leave);
      await waitFor(
        async () => {
          // Without a guard the engine may still have room in files it has already: it is found full by filling them.
          if (leave === 0) publisher.socket.volatile.emit("chat message", "x".repeat(100_000));
          return notReady(server.url);
        },
        { what: "the server to say that it does not store", timeout: 30_000 },
      );
      const said = await request(server.url, "/readyz");
      assert.match(said.text, /^log not writable: .*(free|full|space)/s);
      assert.match(server.stderr, /level=error event=log-not-writable .*code=out_of_space/);

      const waiting = numbered("waiting", 5);
      let attempts = 0;
      publisher.socket.onAnyOutgoing(() => attempts++);
      const acks = publishLater(publisher, waiting);
      const reader = await Client.open(t, server.url, channel);
      await waitFor(() => before.every((payload) => reader.payloads().includes(payload)), { what: "the reader's replay" });
      assert.equal((await request(server.url, "/healthz")).status, 200);
      assert.deepEqual(acks, [], "nothing is acknowledged while nothing can be stored");

      // For longer than the server takes to ask whether there is room again.
      await waitFor(() => attempts >= 8, { what: "the client to ask again and again" });
      assert.doesNotMatch(server.stderr, /event=log-writable/, "there was no room in between");
      assert.ok(await notReady(server.url));

      disk.makeRoom();
      await waitFor(() => ready(server.url), { what: "the server to store again" });
      await waitFor(() => acks.length === waiting.length, { what: "the waiting messages to be stored", timeout: 30_000 });
      await waitFor(() => reader.payloads().includes(waiting.at(-1)), { what: "the waiting messages to arrive" });
      const arrived = reader.payloads().filter((payload) => waiting.includes(payload));
      assert.deepEqual(arrived, waiting, "each once and in order, however often it was sent");
      assert.match(server.stderr, /event=log-writable/);

      await server.restart();
      const later = await Client.open(t, server.url, channel);
      await waitFor(() => later.payloads().includes(waiting.at(-1)), { what: "the replay after the restart" });
      const kept = new Map(later.messages().map(({ payload, offset }) => [payload, offset]));
      for (const { payload, offset } of acks) assert.equal(kept.get(payload), offset, "acknowledged, so still there");
    });
  }
});
