// A flood of connections: it may take all descriptors there are, and those who were there before notice nothing.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { describe, test } from "node:test";
import { tempDir, tidemarkBin } from "../harness.mjs";
import { assertInOrderOnce, assertStored, Client, newChannel, numbered, refusals, serve, waitFor, within } from "./support.mjs";

const GET = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
const ACCEPT_PAUSE_MS = 50;
const ACCEPTORS = 2; // localhost is 127.0.0.1 and ::1

const descriptors = ({ pid }) => readdirSync(`/proc/${pid}/fd`).length;

/** A connection that has asked for something; `answered()` gives the status once it came. */
function ask(t, port, localAddress) {
  const socket = net.connect({ port, host: "127.0.0.1", localAddress });
  t.after(() => socket.destroy());
  socket.on("error", () => {});
  let got = "";
  socket.setEncoding("utf8").on("data", (chunk) => (got += chunk));
  socket.write(GET);
  socket.ended = once(socket, "close");
  socket.answered = () => /^HTTP\/1\.1 (\d+) /.exec(got)?.[1];
  socket.again = async () => {
    got = "";
    socket.write(GET);
    await waitFor(() => socket.answered() === "200", { what: "another answer on an old connection" });
  };
  return socket;
}

test("out of descriptors, accepting pauses and says so once; who is connected goes on; it resumes when some are free", async (t) => {
  const own = await serve(t, ["--io-threads", "1"]);
  const channel = newChannel();
  const publisher = await Client.open(t, own.url, channel);
  const reader = await Client.open(t, own.url, channel);
  const old = ask(t, own.port);
  await waitFor(() => old.answered(), { what: "the old connection" });
  const began = performance.now();
  const few = spawnSync("prlimit", ["--pid", String(own.pid), `--nofile=${descriptors(own) + 8}:`], { encoding: "utf8" });
  assert.equal(few.status, 0, few.stderr);
  const flood = Array.from({ length: 40 }, () => ask(t, own.port));
  const served = () => flood.filter((one) => one.answered() === "200");
  await waitFor(() => /event=accept_failed/.test(own.stderr) && served().length > 0, { what: "the line about it" });
  await old.again();
  const first = served();
  assert.ok(first.length < flood.length, `${first.length} served`);

  for (const payload of numbered("unhindered", 20)) assertStored(await publisher.publish(payload));
  await reader.receives(20);
  assert.deepEqual(reader.payloads(), numbered("unhindered", 20));
  assertInOrderOnce(reader.offsets());
  await old.again();

  // Each that ends makes room for one that waits.
  for (const one of first) one.destroy();
  await waitFor(() => served().length === 2 * first.length, { what: `${first.length} more to be served` });
  const enough = spawnSync("prlimit", ["--pid", String(own.pid), "--nofile=1024:"], { encoding: "utf8" });
  assert.equal(enough.status, 0, enough.stderr);
  await waitFor(() => served().length === flood.length, { what: "all to be served" });
  assert.equal(own.stderr.match(/event=accept_failed/g).length, 1, own.stderr);
  assert.deepEqual([...publisher.disconnects, ...reader.disconnects], []);

  // It paused instead of spinning.
  const failures = (await refusals(own)).get("no_descriptors");
  const most = ACCEPTORS * ((performance.now() - began) / ACCEPT_PAUSE_MS + 1);
  assert.ok(failures > 0 && failures <= most, `${failures} failures, ${most} at most`);
});

describe("as many connections as there are descriptors for", () => {
  const LIMIT = 1024;
  const ROOM = LIMIT - 256; // what is kept back for the store
  const OF_ONE_ADDRESS = 20;

  test("from many addresses: the limit of each holds, the next are refused in words, the store goes on, room comes back", async (t) => {
    const bin = join(tempDir(), "few-descriptors");
    writeFileSync(bin, `#!/bin/sh\nulimit -n ${LIMIT}\nexec '${tidemarkBin}' "$@"\n`);
    chmodSync(bin, 0o755);
    const own = await serve(t, ["--connections-per-address", String(OF_ONE_ADDRESS)], { bin });
    const channel = newChannel();
    const publisher = await Client.open(t, own.url, channel);
    const address = (i) => `127.0.1.${1 + Math.floor(i / OF_ONE_ADDRESS)}`;
    const open = [];
    for (let i = 0; i < ROOM - 1; i++) {
      open.push(ask(t, own.port, address(i)));
      if (i % 50 === 0) await waitFor(() => open.at(-1).answered(), { what: `connection ${i}` });
    }
    await waitFor(() => open.every((one) => one.answered() === "200"), { what: `${open.length} connections` });

    const more = Array.from({ length: 10 }, (_, i) => ask(t, own.port, `127.0.2.${i + 1}`));
    for (const one of more) await within(one.ended, "the end of one too many");
    assert.deepEqual(new Set(more.map((one) => one.answered())), new Set(["503"]));
    assertStored(await publisher.publish("while it is full"));
    await Promise.all([open[0], open.at(-1)].map((one) => one.again()));
    assert.ok(descriptors(own) < LIMIT, `${descriptors(own)} descriptors`);

    open.splice(-1)[0].destroy();
    open.splice(-1)[0].destroy();
    await waitFor(async () => (await refusals(own, "127.0.3.1")).get("too_many_connections") >= more.length, {
      what: "the counter",
    });
    const refused = ask(t, own.port, address(0));
    await within(refused.ended, "the end of one too many of an address");
    assert.equal(refused.answered(), "503");
    assert.equal((await refusals(own, "127.0.3.1")).get("too_many_connections_of_address"), 1);

    const before = descriptors(own);
    for (const one of open) one.destroy();
    await waitFor(() => descriptors(own) <= before - open.length, { what: "the descriptors to come back" });
    const again = ask(t, own.port, address(0));
    await waitFor(() => again.answered() === "200", { what: "room again" });
    assert.deepEqual(publisher.disconnects, []);
  });
});
