// export, import, migrate, backup and trim: a log moves, and nobody who comes back notices.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { call } from "./api-support.mjs";
import { Command, run, snapshot } from "./commands.mjs";
import { backend, Client, newChannel, newKey, numbered, serve, startServer, tempDir } from "./support.mjs";

const other = backend === "sqlite" ? "rocksdb" : "sqlite";
const SEGMENT = 16_384; // records of a finished index segment
const channel = newChannel();
const KEY = newKey();
const REFUSED = { name: "refused", code: 2 };
let original; // more than a segment, binary parts, keys, the first 99 trimmed

before(async () => {
  const server = await startServer({ args: ["--backend", backend] });
  const client = await Client.open(undefined, server.url, channel, { auth: { name: "Ann 🌊", serverOffset: 2 ** 40 } });
  await client.publish({ picture: Buffer.from("\0\u00ff") }, KEY);
  for (let i = 0; i < SEGMENT + 200; i += 1000) await client.publishAll(numbered(`m ${i}`, 1000));
  const odd = await Client.open(undefined, server.url, "/");
  await odd.publish("\u2028 \ud83d\ude00 \u0000", newKey());
  for (const one of [client, odd]) one.close();
  await server.stop();
  original = server.data;
  const trimmed = await run(["trim", "--data", original, "--before", "100"]);
  assert.equal(trimmed.code, 0, trimmed.stderr);
});

function copyOfLog() {
  const data = tempDir();
  cpSync(original, data, { recursive: true });
  return data;
}
const free = () => join(tempDir(), "new");
const exported = async (...where) => (await run(["export", ...where])).stdout;
/** Without what differs from one run to the next. */
const comparable = (text) => text.replace(/"engine":"\w+","exported":"[^"]*"|,"first_line":"\w+"/g, "");

async function succeeds(args, options) {
  const { code, stdout, stderr } = await run(args, options);
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
  if (args[0] !== "export") assert.equal(stderr, "");
  return stdout;
}
async function isSound(data) {
  assert.match(await succeeds(["verify", "--data", data]), /^sound: /);
}

describe("tidemark tail of a log at rest", () => {
  const offsetsOf = (text) => text.split("\n").filter((line) => line).map((line) => JSON.parse(line).offset);
  // "/" has one record, behind the index's last finished segment; the channel has all the others.
  test("finds the records of a channel by the index, in finished segments and behind them", async () => {
    const all = offsetsOf(await succeeds(["tail", "--data", original, "--from", "earliest", "-o", "json"]));
    const one = offsetsOf(await succeeds(["tail", "--data", original, "--from", "earliest", "-o", "json", channel]));
    assert.deepEqual(one, all.slice(0, -1));
    assert.deepEqual(offsetsOf(await succeeds(["tail", "--data", original, "-o", "json", "/"])), all.slice(-1));
    const few = ["tail", "--data", original, "-o", "json", "--from", "150", "--count", "3", channel];
    assert.deepEqual(offsetsOf(await succeeds(few)), [150, 151, 152]);
  });

  test("finds the few records of a quiet channel among those of busy ones", async (t) => {
    const data = tempDir();
    const records = 2 * SEGMENT + 50;
    const quiet = [1, 700, SEGMENT, SEGMENT + 1, 2 * SEGMENT + 7];
    const server = await serve(t, [], { data });
    const busy = await Client.open(t, server.url, channel, { auth: { serverOffset: 2 ** 40 } });
    const rare = await Client.open(t, server.url, newChannel());
    for (let offset = 1; offset <= records; ) {
      if (quiet.includes(offset)) {
        await rare.publish(`${offset++}`);
        continue;
      }
      const next = quiet.find((one) => one > offset) ?? records + 1;
      const count = Math.min(1000, next - offset);
      await busy.publishAll(numbered(`b ${offset}`, count));
      offset += count;
    }
    await server.stop();
    const tail = (...args) => succeeds(["tail", "--data", data, "-o", "json", ...args, rare.channel]);
    assert.deepEqual(offsetsOf(await tail("--from", "earliest")), quiet);
    assert.deepEqual(offsetsOf(await tail("-n", "3")), quiet.slice(-3));
    assert.deepEqual(offsetsOf(await tail("-n", "20")), quiet);
    assert.deepEqual(offsetsOf(await tail("--from", "2", "--count", "2")), quiet.slice(1, 3));
  });
});

describe("tidemark export and import", () => {
  test("an export has a line that says which log it is, the records, and an end; nothing is changed", async () => {
    const files = snapshot(original);
    const lines = (await succeeds(["export", "--data", original])).trim().split("\n").map((line) => JSON.parse(line));
    const [header, ...records] = lines;
    const end = records.pop();
    assert.equal(header.tidemark_export, 1);
    assert.match(header.epoch, /^[0-9a-f]{16}$/);
    assert.deepEqual([header.first, header.engine, header.holes], [100, backend, []]);
    assert.deepEqual(header.losses, [{ channel, last: 99 }]);
    assert.equal(records.length, header.head - 99);
    assert.deepEqual([records[0].offset, records.at(-1).offset], [100, header.head]);
    assert.equal(records.at(-1).payload, "\u2028 \ud83d\ude00 \u0000");
    assert.equal(end.end.records, records.length);
    assert.deepEqual(snapshot(original), files);
  });

  for (const engine of ["sqlite", "rocksdb"]) {
    test(`what was exported is imported into ${engine} as it was, and exported again the same`, async (t) => {
      const text = await exported("--data", original);
      const data = free();
      const said = await succeeds(["import", "--data", data, "--backend", engine], { input: text });
      assert.match(said, /^imported [\d,]+ records, epoch [0-9a-f]{16}, into .* \(\w+\), [\d.]+ MiB in [\d.]+ s\n$/);
      assert.equal(comparable(await exported("--data", data)), comparable(text));
      await isSound(data);
      const server = await startServer({ args: ["--backend", engine], data });
      t.after(() => server.kill9());
      const client = await Client.open(t, server.url, "/", { auth: { serverOffset: 2 ** 40 } });
      assert.equal((await client.publish("next")).offset, JSON.parse(text.slice(0, text.indexOf("\n"))).head + 1);
    });
  }

  test("a running server is exported as it is, with binary parts and through a file", async (t) => {
    const server = await serve(t);
    const client = await Client.open(t, server.url, channel);
    await client.publish({ a: Buffer.from("bytes"), b: Buffer.alloc(0) }, KEY);
    await client.publish("text");
    const file = join(tempDir(), "log.jsonl");
    assert.equal(await succeeds(["export", "--url", server.url, file]), "");
    const live = readFileSync(file, "utf8");
    await server.stop();
    assert.equal(comparable(live), comparable(await exported("--data", server.data)));
    assert.deepEqual(JSON.parse(live.split("\n")[1]).attachments, ["Ynl0ZXM=", ""]);
  });

  test("--new-epoch makes it another log", async () => {
    const text = await exported("--data", original);
    const data = free();
    await succeeds(["import", "--data", data, "--new-epoch"], { input: text });
    const epochs = [text, await exported("--data", data)].map((one) => JSON.parse(one.slice(0, one.indexOf("\n"))).epoch);
    assert.notEqual(epochs[0], epochs[1]);
  });

  describe("leaves nothing behind of", () => {
    const line = (change) => (text) => {
      const lines = text.trimEnd().split("\n");
      change(lines);
      return `${lines.join("\n")}\n`;
    };
    for (const [what, change, said] of [
      ["an empty file", () => "", /is no export of tidemark/],
      ["another file", () => '{"hello":1}\n', /is no export of tidemark/],
      ["a newer version", (text) => text.replace('"tidemark_export":1', '"tidemark_export":2'), /export of version 2/],
      ["an export that was cut off", line((lines) => lines.pop()), /ends in the middle/],
      ["a changed payload", line((lines) => (lines[5] = lines[5].replace("m 0 10", "m 0 11"))), /is not what was exported/],
      ["a changed first line", (text) => text.replace('"exported":"2', '"exported":"3'), /is not what was exported/],
      ["two exports, one behind the other", (text) => text + text, /there is more behind/],
      ["a missing line", line((lines) => lines.splice(5, 1)), /:6: the record at offset 104 is missing/],
      ["a line twice", line((lines) => lines.splice(5, 0, lines[5])), /:7: the record at offset 104 does not come after/],
      ["a line that is no record", line((lines) => (lines[5] = '{"offset":104}')), /:6: a record's "time" must be/],
    ]) {
      test(what, async () => {
        const directory = tempDir();
        const file = join(directory, "log.jsonl");
        const small = await exported("--data", original);
        writeFileSync(file, change(small));
        const { code, stdout, stderr } = await run(["import", file, "--data", join(directory, "new")]);
        assert.notEqual(code, 0);
        assert.match(stderr, said);
        assert.equal(stderr.trim().split("\n").length, 1);
        assert.equal(stdout, "");
        assert.deepEqual(readdirSync(directory), ["log.jsonl"]);
      });
    }

    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"]) {
      test(`an import that ${signal} interrupts`, async (t) => {
        const directory = tempDir();
        const importing = new Command(t, ["import", "--data", join(directory, "new")], { stdin: "pipe" });
        importing.child.stdin.on("error", () => {});
        importing.child.stdin.write((await exported("--data", original)).slice(0, 1_000_000));
        while (!existsSync(join(directory, "new.unfinished"))) await new Promise((resolve) => setImmediate(resolve));
        importing.child.kill(signal);
        assert.equal((await importing.ended()).code, 130);
        assert.deepEqual(readdirSync(directory), []);
      });
    }
  });

  test("never writes over what is there", async () => {
    const text = await exported("--data", original);
    const data = copyOfLog();
    const files = snapshot(data);
    const { code, stderr } = await run(["import", "--data", data], { input: text });
    assert.equal(code, 1);
    assert.match(stderr, /is there already and not empty; name a new directory/);
    assert.deepEqual(snapshot(data), files);
    const empty = tempDir();
    await succeeds(["import", "--data", empty], { input: text });
    await isSound(empty);
  });
});

describe("tidemark migrate", () => {
  test("keeps everything, and proves it; the old log stays as it is", async () => {
    const files = snapshot(original);
    const data = free();
    const said = await succeeds(["migrate", "--from", `${backend}:${original}`, "--to", `${other}:${data}`]);
    assert.match(said, /^migrated [\d,]+ records, offsets up to \d+, epoch [0-9a-f]{16}: /);
    assert.equal(comparable(await exported("--data", data)), comparable(await exported("--data", original)));
    assert.deepEqual(readFileSync(join(data, "secret.key")), readFileSync(join(original, "secret.key")));
    await isSound(data);
    assert.deepEqual(snapshot(original), files);
  });

  test("clients that come back after it recover as if nothing had happened", async (t) => {
    const data = copyOfLog();
    const server = await serve(t, ["--recovery-window", "1h"], { data });
    const clients = [];
    for (const name of [channel, "/"]) {
      const client = await Client.open(t, server.url, name, { auth: { history: 0 } });
      await client.publish("before", `${KEY}-${name}`);
      await client.receives(1);
      clients.push(client);
    }
    const sids = clients.map((client) => client.socket.id);
    const last = clients[1].offsets()[0];
    await server.stop();

    const target = free();
    await succeeds(["migrate", "--from", `${backend}:${data}`, "--to", `${other}:${target}`]);
    // What was missed: stored in the new log while they are away.
    await succeeds(["append", "--data", target, channel, "missed"]);
    const moved = await startServer({
      args: ["--backend", other, "--recovery-window", "1h"], data: target, port: server.port,
    });
    t.after(() => moved.kill9());
    for (const [i, client] of clients.entries()) {
      await client.connected(2);
      assert.deepEqual(client.connects.at(-1).recovered, true, client.channel);
      assert.equal(client.socket.id, sids[i]);
    }
    await clients[0].receives(2);
    assert.deepEqual(clients[0].payloads(), ["before", "missed"]);
    assert.deepEqual(clients[0].offsets(), [last - 1, last + 1]);
    // Client keys are remembered too.
    const again = await clients[1].publish("before", `${KEY}-/`);
    assert.deepEqual(again, { offset: last, duplicate: true });
    assert.equal((await clients[1].publish("after")).offset, last + 2);
  });

  test("leaves a running server's log, a damaged one and what is there alone", async (t) => {
    const server = await serve(t);
    const full = copyOfLog();
    for (const [from, to, said] of [
      [`${backend}:${server.data}`, `${other}:${free()}`, /in use by process \d+ at http/],
      [`${backend}:${original}`, `${other}:${full}`, /is there already and not empty/],
      [`${backend}:${full}`, `${other}:${join(full, "sub", "new")}`, /is inside of the log in .*; name a directory beside it/],
      [`${other}:${original}`, `${other}:${free()}`, /there is no log of the engine/],
      [`${backend}:/nowhere/at/all`, `${other}:${free()}`, /there is no data directory/],
    ]) {
      const { code, stderr } = await run(["migrate", "--from", from, "--to", to]);
      assert.equal(code, 1, stderr);
      assert.match(stderr, said);
      assert.equal(stderr.trim().split("\n").length, 1);
      assert.equal(existsSync(to.split(":")[1]) && to.split(":")[1] !== full, false);
    }
    for (const args of [["--from", `${backend}:${original}`], ["--from", "floppy:a", "--to", "sqlite:b"], ["--form", "sqlite:a"]]) {
      assert.equal((await run(["migrate", ...args])).code, REFUSED.code);
    }
  });

  test("interrupted or killed, leaves either all or nothing, and can be done again", async (t) => {
    const parent = tempDir();
    const target = join(parent, "new");
    const args = ["migrate", "--from", `${backend}:${original}`, "--to", `${other}:${target}`];
    const unfinished = join(parent, "new.unfinished");
    for (const signal of ["SIGINT", "SIGKILL"]) {
      const command = new Command(t, args);
      let over = false;
      command.closed.then(() => (over = true));
      while (!existsSync(unfinished) && !over) await new Promise((resolve) => setImmediate(resolve));
      command.child.kill(signal);
      await command.ended();
      if (signal === "SIGINT" && !existsSync(target)) assert.deepEqual(readdirSync(parent), []);
    }
    if (!existsSync(target)) await succeeds(args);
    assert.deepEqual(readdirSync(parent), ["new"]);
    await isSound(target);
  });
});

describe("tidemark backup", () => {
  test("copies the log of a stopped server", async () => {
    const data = free();
    await succeeds(["backup", data, "--data", original]);
    assert.equal(comparable(await exported("--data", data)), comparable(await exported("--data", original)));
    assert.deepEqual(readFileSync(join(data, "secret.key")), readFileSync(join(original, "secret.key")));
    await isSound(data);
  });

  test("of a running server knows what each channel lost, as the directory does", async (t) => {
    const server = await serve(t, [], { data: copyOfLog() });
    const target = free();
    await succeeds(["backup", target, "--url", server.url]);
    const lossesOf = async (data) => {
      const text = await exported("--data", data);
      return JSON.parse(text.slice(0, text.indexOf("\n"))).losses;
    };
    const losses = await lossesOf(target);
    assert.deepEqual(losses, [{ channel, last: 99 }]);
    assert.deepEqual(losses, await lossesOf(original));
    const { json } = await call(server.url, "/api/v1/losses");
    assert.deepEqual(json.losses, losses);
  });

  test("restored with --new-epoch, gives nobody an offset that means another record, and hides nothing", async (t) => {
    const lost = await serve(t, [], { data: copyOfLog() });
    const backup = free();
    await succeeds(["backup", backup, "--url", lost.url]);
    const { head } = (await call(lost.url, "/api/v1/info")).json;
    // The client has three records more than the backup when the log is lost.
    const client = await Client.open(t, lost.url, channel, { auth: { serverOffset: head, status: true } });
    for (const text of ["lost 1", "lost 2", "lost 3"]) await client.publish(text);
    await client.receives(3);
    client.close();
    await lost.stop();
    const restored = free();
    await succeeds(["migrate", "--from", `${backend}:${backup}`, "--to", `${backend}:${restored}`, "--new-epoch"]);
    await isSound(restored);
    const secrets = [backup, restored].map((data) => readFileSync(join(data, "secret.key")));
    assert.notDeepEqual(secrets[0], secrets[1]);

    // Others have written as many again, and more, before it comes back.
    const server = await serve(t, [], { data: restored });
    const other = await Client.open(t, server.url, channel, { auth: { serverOffset: 2 ** 40 } });
    const fresh = [];
    for (let i = 1; i <= 5; i++) fresh.push((await other.publish(`new ${i}`)).offset);
    assert.ok(fresh[0] > head + 1000, "none of the lost log's offsets is given again");
    const back = await Client.open(t, server.url, channel, { auth: { serverOffset: head + 3, status: true } });
    await back.receives(5);
    assert.deepEqual(back.payloads(), fresh.map((_, i) => `new ${i + 1}`));
    const gap = back.received.find(({ event }) => event === "log:gap").payload;
    assert.ok(gap.from > head && gap.to === fresh[0] - 1, JSON.stringify(gap));
    assert.equal(gap.reason, "damaged");
  });

  test("copies the log of a running server, which goes on meanwhile", async (t) => {
    const server = await serve(t, [], { data: copyOfLog() });
    const client = await Client.open(t, server.url, "/", { auth: { serverOffset: 2 ** 40 } });
    const { offset } = await client.publish("before");
    const copying = new Command(t, ["backup", free(), "--data", server.data]);
    const target = copying.args[1];
    let over = false;
    copying.closed.then(() => (over = true));
    while (!over) await client.publish("meanwhile");
    const { code, stderr } = await copying.ended();
    assert.equal(code, 0, stderr);
    await isSound(target);
    const text = await exported("--data", target);
    const { head, epoch, first } = JSON.parse(text.slice(0, text.indexOf("\n")));
    assert.equal(first, 100);
    assert.ok(head >= offset);
    assert.match((await run(["info", "--url", server.url])).stdout, new RegExp(`^epoch +${epoch}$`, "m"));
  });
});

describe("tidemark trim", () => {
  test("says with --dry-run what it would remove, and changes nothing", async () => {
    const data = copyOfLog();
    const files = snapshot(data);
    assert.match(
      await succeeds(["trim", "--data", data, "--before", "300", "--dry-run"]),
      /^would remove 200 records, offsets 100 to 299; [\d,]+ would stay\n$/,
    );
    assert.deepEqual(snapshot(data), files);
  });

  test("removes what is older, and clients are told", async (t) => {
    const data = copyOfLog();
    const said = await succeeds(["trim", "--data", data, "--before", "5000"]);
    assert.equal(said, "removed 4,900 records, offsets 100 to 4999; the log begins at 5000\n");
    await isSound(data);
    const server = await serve(t, [], { data });
    const client = await Client.open(t, server.url, channel, { auth: { serverOffset: 200, status: true } });
    await client.receives(1);
    assert.equal(client.offsets()[0], 5000);
    const gap = client.received.find(({ event }) => event === "log:gap").payload;
    assert.deepEqual([gap.from, gap.to, gap.reason], [201, 4999, "trimmed"]);
  });

  test("refuses an offset that the log does not have, a digit too many", async () => {
    const data = copyOfLog();
    const { code, stderr } = await run(["trim", "--data", data, "--before", "50000000"]);
    assert.equal(code, 2);
    assert.match(stderr, /^tidemark: --before 50000000: the log ends at offset \d+; /);
    assert.match((await run(["info", "--data", data])).stdout, /^first +100 at /m);
  });

  test("by time, and never the newest record", async () => {
    const data = copyOfLog();
    assert.match(await succeeds(["trim", "--data", data, "--before", "1h"]), /^nothing to trim: the log begins at offset 100\n$/);
    assert.match(await succeeds(["trim", "--data", data, "--before", "now"]), /^removed [\d,]+ records/);
    assert.equal((await succeeds(["tail", "--data", data, "-n", "5"])).trim().split("\n").length, 1);
  });

  test("leaves the log of a running server alone, and says what that does", async (t) => {
    const server = await serve(t);
    const { code, stderr } = await run(["trim", "--data", server.data, "--before", "5"]);
    assert.equal(code, 1);
    assert.match(stderr, /in use by process .*; a server trims by itself, once it is started with --retain-age, --retain-bytes or --retain-records/);
    assert.equal((await run(["trim", "--data", original])).code, 2);
    assert.equal((await run(["trim", "--before", "soon"])).code, 2);
  });
});
