// A damaged log, from the user's side: who is concerned and who is not, what the server says, what `tidemark verify` finds
// and what `tidemark repair` saves. The bytes of the real SQLite file are changed while nobody has it open.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { Command, run, snapshot } from "./commands.mjs";
import { Client, freePort, newChannel, numbered, request, serve, smallDisk, startServer, tempDir, waitFor } from "./support.mjs";

const SEGMENT = 16_384; // records of a finished index segment: those before are not read at the start
const SQLITE = ["--backend", "sqlite"];
const databaseOf = (data) => join(data, "tidemark.sqlite3");

const verify = (data) => run(["verify", "--data", data]);
const repair = (data, ...more) => run(["repair", "--data", data, ...more]);

/** Changes one byte of the text where it stands in the log. */
function damage(data, text) {
  const file = databaseOf(data);
  const bytes = readFileSync(file);
  const place = bytes.indexOf(text);
  assert.notEqual(place, -1, `${text} is not in ${file}`);
  bytes[place] ^= 1;
  writeFileSync(file, bytes);
}

function sql(data, statement) {
  return execFileSync("sqlite3", [databaseOf(data), statement], { encoding: "utf8" }).trim();
}

async function publishMany(client, payloads) {
  const acks = [];
  for (let i = 0; i < payloads.length; i += 1000) acks.push(...(await client.publishAll(payloads.slice(i, i + 1000))));
  return acks;
}

// --- one log with a finished segment, made once; every test works on a copy of it ---------------------------------------

const rare = newChannel();
const busy = newChannel();
const RARE = numbered("rare message", 20);
const rareOffsets = [];
let original;

before(async () => {
  const server = await startServer({ args: SQLITE });
  const publishers = {};
  for (const channel of [rare, busy]) {
    publishers[channel] = await Client.open(undefined, server.url, channel, { auth: { serverOffset: 2 ** 40 } });
  }
  for (const [i, text] of RARE.entries()) {
    rareOffsets.push((await publishers[rare].publish(text)).offset);
    await publishMany(publishers[busy], numbered(`busy ${i}`, 20));
  }
  await publishMany(publishers[busy], numbered("busy", SEGMENT));
  for (const publisher of Object.values(publishers)) publisher.close();
  await server.stop();
  original = server.data;
});

function copyOfLog() {
  const data = tempDir();
  cpSync(original, data, { recursive: true });
  return data;
}

const DAMAGED = 7; // of RARE

function damagedLog() {
  const data = copyOfLog();
  damage(data, RARE[DAMAGED]);
  return data;
}

const statusOf = (client) => client.received.filter(({ event }) => event === "log:status").map(({ payload }) => payload);

describe("a damaged record", () => {
  test("stops its own channel's readers there, loudly, and nobody else", async (t) => {
    const server = await serve(t, SQLITE, { data: damagedLog() });
    const reader = await Client.open(t, server.url, rare, { auth: { status: true } });
    await reader.receives(DAMAGED);
    await waitFor(() => statusOf(reader).some(({ state }) => state === "unreadable"), { what: "the status" });
    const unreadable = statusOf(reader).find(({ state }) => state === "unreadable");
    assert.ok(unreadable.from > rareOffsets[DAMAGED - 1] && unreadable.from <= rareOffsets[DAMAGED], JSON.stringify(unreadable));
    await waitFor(() => reader.disconnects.length > 0, { what: "the connection to be closed" });

    const other = await Client.open(t, server.url, busy);
    await other.receives(RARE.length * 20 + SEGMENT);
    assert.deepEqual(other.disconnects, []);

    // It has come back meanwhile, more than once, and got nothing twice and nothing from behind the damage.
    await reader.connected(5);
    assert.deepEqual(reader.payloads(), RARE.slice(0, DAMAGED));
    const said = server.stderr.split("\n").filter((line) => /event=catch_up_failed/.test(line));
    assert.equal(said.length, 1, `once, however often it comes back:\n${said.join("\n")}`);
    assert.match(said[0], new RegExp(`offset ${rareOffsets[DAMAGED]} .*tidemark repair`));
  });

  test("is told by /readyz, which stays ready, by /api/v1/info, /metrics and tidemark info", async (t) => {
    const server = await serve(t, SQLITE, { data: damagedLog() });
    assert.equal((await request(server.url, "/readyz")).text, "ready\n");
    assert.deepEqual(JSON.parse((await request(server.url, "/api/v1/info")).text).unreadable, []);
    const reader = await Client.open(t, server.url, rare);
    await reader.connected(3);
    const ready = await request(server.url, "/readyz");
    assert.equal(ready.status, 200);
    const named = new RegExp(`offset ${rareOffsets[DAMAGED]} .*tidemark verify`);
    assert.match(ready.text, /^ready, but of the log one place could not be read/);
    assert.match(ready.text, named);
    const { unreadable } = JSON.parse((await request(server.url, "/api/v1/info")).text);
    assert.equal(unreadable.length, 1);
    assert.match(unreadable[0].error, named);
    assert.ok(unreadable[0].times >= 2 && Date.parse(unreadable[0].last) > 0, JSON.stringify(unreadable));
    assert.match((await request(server.url, "/metrics")).text, /^tidemark_log_read_failures_total [1-9]\d*$/m);
    const { stdout } = await run(["info", "--url", server.url]);
    assert.match(stdout, new RegExp(`^damage +.*offset ${rareOffsets[DAMAGED]} `, "m"));
  });

  test("is no obstacle for those who stand behind it", async (t) => {
    const server = await serve(t, SQLITE, { data: damagedLog() });
    const reader = await Client.open(t, server.url, rare, { auth: { serverOffset: rareOffsets[DAMAGED] } });
    await reader.receives(RARE.length - DAMAGED - 1);
    await reader.publish("new");
    await reader.receives(RARE.length - DAMAGED);
    assert.deepEqual(reader.payloads(), [...RARE.slice(DAMAGED + 1), "new"]);
    assert.deepEqual(reader.disconnects, []);
  });

  test("among the newest is said at the start, with its offset and what to do", async (t) => {
    const server = await startServer({ args: SQLITE });
    const client = await Client.open(t, server.url, "/");
    const acks = await client.publishAll(numbered("fresh", 5));
    await server.stop();
    damage(server.data, "fresh 3");
    const { code, stderr } = await run(["serve", "--port", String(await freePort()), "--data", server.data]);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`offset ${acks[3].offset} .*tidemark verify.*tidemark repair`));
    assert.equal((await repair(server.data)).code, 0);
    const info = JSON.parse((await run(["info", "-o", "json", "--data", server.data])).stdout);
    assert.deepEqual([info.records, info.records_last_day], [4, 4]); // not offsets
    await server.start();
    await server.stop();
  });
});

describe("who looks into a damaged log", () => {
  /** Two neighbours and one alone. */
  function log() {
    const data = damagedLog();
    const from = rareOffsets[2] + 3;
    sql(data, `update records set payload = payload || ' ' where offset between ${from} and ${from + 1}`);
    return data;
  }

  test("is told of every damaged record by tail, of neighbours with their extent", async () => {
    const data = log();
    const { code, stdout, stderr } = await run(["tail", "--from", "earliest", "--format", "{offset}", "--data", data]);
    assert.equal(code, 1);
    const lines = stderr.trim().split("\n");
    assert.equal(lines.length, 2, stderr);
    const [, from, to] = /^tidemark: offsets (\d+) to (\d+) cannot be read; of the first: the record at offset \1 /.exec(lines[0]);
    assert.equal(to - from, 1);
    assert.match(lines[1], new RegExp(`^tidemark: the record at offset ${rareOffsets[DAMAGED]} `));
    const shown = new Set(stdout.trim().split("\n").map(Number));
    for (const offset of [+from, +to, rareOffsets[DAMAGED]]) assert.ok(!shown.has(offset));
  });

  for (const command of ["info", "channels"]) {
    test(`is told by ${command}, with status 1, which is 0 for a sound log`, async () => {
      const sound = await run([command, "--data", copyOfLog()]);
      assert.deepEqual([sound.code, sound.stderr], [0, ""]);
      const { code, stdout, stderr } = await run([command, "-o", "json", "--data", log()]);
      assert.equal(code, 1);
      assert.match(stderr, /^tidemark: offsets \d+ to \d+ cannot be read; of the first: .*\ntidemark: the record at offset \d+ .*\ntidemark: 3 records could not be read, and no channel counts them; 'tidemark verify' lists all damage\n$/);
      for (const line of stdout.trim().split("\n")) JSON.parse(line);
    });

    test(`is told by ${command} that newest records are missing`, async () => {
      const data = copyOfLog();
      sql(data, "delete from records where offset = (select max(offset) from records)");
      const { code, stderr } = await run([command, "--data", data]);
      assert.equal(code, 1);
      assert.match(stderr, /^tidemark: .*\btidemark\b.*\ntidemark: 'tidemark verify' lists all damage\n$/);
    });

    test(`is told by ${command} what a server could not count`, async (t) => {
      const server = await serve(t, SQLITE, { data: damagedLog() });
      const { code, stderr } = await run([command, "--url", server.url]);
      assert.equal(code, 1);
      assert.equal(stderr, "tidemark: 1 record could not be read, and no channel counts it; 'tidemark verify' lists all damage\n");
    });
  }
});

describe("what a repair left out", () => {
  let data; // without two neighbours and one alone
  let holes;
  before(async () => {
    data = damagedLog();
    const from = rareOffsets[2] + 3;
    sql(data, `update records set payload = payload || ' ' where offset between ${from} and ${from + 1}`);
    const repaired = await repair(data);
    assert.equal(repaired.code, 0, repaired.stdout + repaired.stderr);
    holes = { pair: from, alone: rareOffsets[DAMAGED] };
  });
  const pairSaid = () => `tidemark: offsets ${holes.pair} to ${holes.pair + 1} hold no record: a repair or a copy left them out\n`;
  const aloneSaid = () => `tidemark: offset ${holes.alone} holds no record: a repair or a copy left it out\n`;

  test("is said by tail in its place, of a server as of its directory, and is no damage", async (t) => {
    const copy = tempDir();
    cpSync(data, copy, { recursive: true });
    const server = await serve(t, SQLITE, { data: copy });
    for (const where of [["--data", data], ["--url", server.url]]) {
      const tail = async (...args) => {
        const { code, stdout, stderr } = await run(["tail", ...where, "--format", "{offset}", ...args]);
        return { code, shown: stdout.split("\n").filter(Boolean).map(Number), stderr };
      };
      const { pair, alone } = holes;
      assert.deepEqual(await tail("--from", `${pair - 1}`, "--count", "2"), { code: 0, shown: [pair - 1, pair + 2], stderr: pairSaid() });
      assert.deepEqual(await tail("--from", `${pair - 1}`, "--count", "1"), { code: 0, shown: [pair - 1], stderr: "" });
      assert.deepEqual((await tail("--from", "1", "--count", "500")).stderr, pairSaid() + aloneSaid());
      assert.deepEqual((await tail()).stderr, "");
      const ofChannel = await tail("--from", `${alone - 1}`, rare);
      assert.deepEqual(ofChannel, { code: 0, shown: rareOffsets.slice(DAMAGED + 1), stderr: aloneSaid() });
    }
  });

  test("is said by tail -f in its place, once", async (t) => {
    const server = await serve(t, SQLITE, { data: copyOfLog() });
    const following = new Command(t, ["tail", "-f", "--data", server.data, "-n", "1", "--format", "{offset}"]);
    await following.prints(1);
    await server.stop();
    await following.says(/waiting for a server/);
    rmSync(server.data, { recursive: true });
    cpSync(data, server.data, { recursive: true });
    await serve(t, SQLITE, { data: server.data });
    await following.says(/it has a new epoch, [0-9a-f]{16}/);
    await following.prints(RARE.length * 21 + SEGMENT - 3 + 1);
    const { stderr } = await following.interrupt();
    assert.ok(stderr.endsWith(pairSaid() + aloneSaid()), stderr);
  });

  test("is called so by get", async () => {
    const { code, stderr } = await run(["get", `${holes.alone}`, "--data", data]);
    assert.deepEqual([code, stderr], [1, aloneSaid()]);
  });
});

describe("the rates that tidemark info says", () => {
  const ratesOf = async (where) => {
    const text = await run(["info", ...where]);
    const json = JSON.parse((await run(["info", "-o", "json", ...where])).stdout);
    return {
      code: text.code,
      text: [...text.stdout.matchAll(/^(?:rate)? +(\S+) in the last (?:minute|hour|day)$/gm)].map(([, rate]) => rate),
      json: [json.records_last_minute, json.records_last_hour, json.records_last_day],
    };
  };
  const UNKNOWN = { code: 1, text: ["unknown", "unknown", "unknown"], json: [undefined, undefined, undefined] };

  test("are unknown where the records that would tell cannot be read, of a server as of its directory", async (t) => {
    const server = await startServer({ args: SQLITE });
    const client = await Client.open(undefined, server.url, "/");
    await publishMany(client, numbered("m", 40));
    client.close();
    await server.stop();
    const spoil = (which) => sql(server.data, `update records set payload = payload || ' ' where ${which}`);
    spoil("offset > 35"); // older ones tell
    const known = await ratesOf(["--data", server.data]);
    assert.deepEqual([known.code, known.text[2], known.json[2]], [1, "40", 40]);
    spoil("offset < 20");
    assert.deepEqual(await ratesOf(["--data", server.data]), UNKNOWN);
    spoil("offset between 20 and 35");
    assert.deepEqual(await ratesOf(["--data", server.data]), UNKNOWN);

    const data = copyOfLog(); // with a finished segment: it is not read at the start
    sql(data, "update records set payload = payload || ' ' where offset = 1");
    const damaged = await serve(t, SQLITE, { data });
    assert.deepEqual(await ratesOf(["--url", damaged.url]), UNKNOWN);
  });
});

describe("a write-ahead log that is gone", () => {
  for (const [backend, isLog] of [["sqlite", /-wal$/], ["rocksdb", /^rocksdb\/\d+\.log$/]]) {
    test(`is told by tail and get, with its records (${backend})`, async () => {
      const server = await startServer({ args: ["--backend", backend] });
      const client = await Client.open(undefined, server.url, "/");
      await publishMany(client, numbered("m", 50));
      client.close();
      await server.kill9();
      const logs = readdirSync(server.data, { recursive: true }).filter((name) => isLog.test(name));
      assert.ok(logs.length > 0);
      for (const name of logs) rmSync(join(server.data, name));
      for (const [command, ...args] of [["tail"], ["tail", "-n", "3", "/"], ["get", "50"]]) {
        const { code, stdout, stderr } = await run([command, ...args, "--data", server.data]);
        assert.deepEqual([code, stdout], [1, ""], stderr);
        assert.match(stderr, /^tidemark: the log in .* ends at offset 0 but 50 was acknowledged: 50 records are missing; .*\n$/);
      }
    });
  }
});

describe("tidemark verify", () => {
  test("calls a sound log sound, and touches nothing", async () => {
    const data = copyOfLog();
    const before = snapshot(data);
    const { code, stdout, stderr } = await verify(data);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^sound: [\d,]+ records, offsets 1 to \d+, 1 index segment, epoch [0-9a-f]{16}\n$/);
    assert.equal(stderr, ""); // no progress in a pipe
    assert.deepEqual(snapshot(data), before);
  });

  test("names what is damaged, a line each, and touches nothing", async () => {
    const data = damagedLog();
    damage(data, RARE[DAMAGED + 2]);
    sql(data, "PRAGMA wal_checkpoint(TRUNCATE); DELETE FROM channel_segments WHERE channel_id=1");
    const before = snapshot(data);
    const { code, stdout } = await verify(data);
    assert.equal(code, 1);
    assert.match(stdout, new RegExp(`^offset ${rareOffsets[DAMAGED]}: the record in .* fails its checksum$`, "m"));
    assert.match(stdout, new RegExp(`^offset ${rareOffsets[DAMAGED + 2]}: .*checksum`, "m"));
    assert.match(stdout, /^index segment 0 \(offsets 1 to 16384\): channel \S+ is missing$/m);
    assert.match(stdout, /^not sound: 3 findings/m);
    assert.deepEqual(snapshot(data), before);
  });

  test("looks at what a killed server left in the write-ahead log, and leaves it there", async (t) => {
    const server = await startServer({ args: SQLITE });
    const client = await Client.open(t, server.url, "/");
    await client.publishAll(numbered("m", 10));
    await server.kill9();
    const before = snapshot(server.data);
    assert.ok(before["tidemark.sqlite3-wal"].length > 0);
    const { code, stdout } = await verify(server.data);
    assert.equal(code, 0);
    assert.match(stdout, /^sound: 10 records/);
    assert.deepEqual(snapshot(server.data), before);
  });

  test("and repair leave the log of a running server alone, and say where it is", async (t) => {
    const server = await serve(t, SQLITE);
    for (const command of ["verify", "repair"]) {
      const { code, stderr, stdout } = await run([command, "--data", server.data]);
      assert.equal(code, 1);
      assert.equal(stdout, "");
      assert.match(stderr, new RegExp(`in use by process ${server.pid} at ${server.url}`));
      if (command === "verify") assert.match(stderr, /verify the copy: tidemark backup --data \S+ COPY, then tidemark verify --data COPY\n$/);
    }
  });

  test("says what is wrong with its arguments: status 2, one line, the nearest name", async () => {
    for (const [args, said] of [
      [["verfiy"], /unknown command verfiy; did you mean verify\?/],
      [["verify", "--dta", "x"], /did you mean --data\?/],
      [["repair", "--dryrun"], /did you mean --dry-run\?/],
      [["verify", "x"], /unexpected argument x/],
    ]) {
      const { code, stderr } = await run(args);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, said);
      assert.equal(stderr.trim().split("\n").length, 1);
    }
    const missing = await verify("/nowhere/at/all");
    assert.equal(missing.code, 1);
    assert.match(missing.stderr, /there is no data directory \/nowhere\/at\/all; name it with --data/);
    const empty = await verify(tempDir());
    assert.equal(empty.code, 1);
    assert.match(empty.stderr, /there is no log in/);
    const lost = copyOfLog();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(databaseOf(lost) + suffix, { force: true });
    for (const args of [["verify"], ["repair"], ["repair", "--dry-run"], ["info"]]) {
      const { code, stderr } = await run([...args, "--data", lost]);
      assert.equal(code, 1);
      assert.match(stderr, /the log in .* is missing, of which everything up to offset \d+ was acknowledged/, args.join(" "));
    }
    for (const args of [["verify", "--help"], ["help", "repair"]]) {
      const { code, stdout } = await run(args);
      assert.equal(code, 0);
      assert.match(stdout, /--data DIR[^]*Examples\n/);
    }
  });
});

describe("a damaged log of the RocksDB engine", () => {
  const ROCKSDB = ["--backend", "rocksdb"];
  const refused = async (data) => run(["serve", ...ROCKSDB, "--port", String(await freePort()), "--data", data]);

  /** Flips a byte in the middle of the largest of RocksDB's files with this extension. */
  function damageLargest(data, extension) {
    const path = largest(data, extension);
    const bytes = readFileSync(path);
    bytes[Math.floor(bytes.length / 2)] ^= 1;
    writeFileSync(path, bytes);
  }
  function largest(data, extension) {
    const names = readdirSync(join(data, "rocksdb")).filter((name) => name.endsWith(extension));
    const paths = names.map((name) => join(data, "rocksdb", name));
    return paths.sort((a, b) => statSync(a).size - statSync(b).size).at(-1);
  }

  test("in a table: refused, found, repaired; clients are told what is gone and get all the rest", async (t) => {
    const server = await startServer({ args: ROCKSDB });
    const client = await Client.open(t, server.url, "/");
    const sent = numbered("m", 3000);
    await publishMany(client, sent);
    await client.receives(sent.length);
    await server.stop();
    await server.start(); // moves the write-ahead log into tables
    await waitFor(() => (statSync(largest(server.data, ".sst") ?? server.data).size > 50_000), { what: "a table" });
    await client.connected(2);
    await server.stop();
    damageLargest(server.data, ".sst");

    const { code, stderr } = await refused(server.data);
    assert.equal(code, 1);
    assert.match(stderr, /offsets \d+ to \d+ .*tidemark verify.*tidemark repair/);
    const before = snapshot(server.data);
    const found = await verify(server.data);
    assert.equal(found.code, 1, found.stderr);
    const [, first, last] = /^offsets (\d+) to (\d+): /m.exec(found.stdout).map(Number);
    assert.ok(first > 101 && last < 3000 && last - first < 500, found.stdout);
    assert.match(found.stdout, /^not sound: 2 findings/m); // the second one names the file
    assert.deepEqual(snapshot(server.data), before);

    const repaired = await repair(server.data);
    assert.equal(repaired.code, 0, repaired.stdout + repaired.stderr);
    assert.match(repaired.stdout, new RegExp(`^lost ${last - first + 1} records: offsets ${first} to ${last}$`, "m"));
    assert.match((await verify(server.data)).stdout, /^sound: /);

    const connects = client.connects.length;
    await server.start();
    await client.connected(connects + 1);
    assert.equal(client.connects.at(-1).recovered, false);
    const behind = await Client.open(t, server.url, "/", { auth: { serverOffset: 100, status: true } });
    const rest = [...sent.slice(100, first - 1), ...sent.slice(last)];
    await behind.receives(rest.length);
    assert.deepEqual(behind.payloads(), rest);
    const gaps = behind.received.filter(({ event }) => event === "log:gap").map(({ payload }) => payload);
    assert.deepEqual(gaps, [{ from: first, to: last, reason: "damaged" }]);
    assert.equal((await behind.publish("new")).offset, 3001);
    await server.stop();
  });

  test("whose only table is missing: named, and no empty log takes its place unasked", async (t) => {
    const server = await startServer({ args: ROCKSDB });
    const client = await Client.open(t, server.url, "/");
    await publishMany(client, numbered("m", 3000));
    await server.stop();
    await server.start(); // moves the write-ahead log into tables
    await waitFor(() => (statSync(largest(server.data, ".sst") ?? server.data).size > 50_000), { what: "a table" });
    await client.connected(2);
    await server.stop();
    rmSync(largest(server.data, ".sst"));
    const before = snapshot(join(server.data, "rocksdb"));
    for (const more of [[], ["--dry-run"]]) {
      const { code, stdout, stderr } = await repair(server.data, ...more);
      assert.equal(code, 1, stdout);
      assert.match(stdout, /^offsets 1 to 3000: .* \d+\.sst is missing$/m);
      assert.match(stderr, /^tidemark: a repair would keep nothing: of 3,?000 records none can be read .*--force.*Nothing was changed$/m);
    }
    assert.deepEqual(snapshot(join(server.data, "rocksdb")), before);
    const forced = await repair(server.data, "--force");
    assert.equal(forced.code, 0, forced.stdout + forced.stderr);
    assert.match(forced.stdout, /^kept 0 records/m);
    assert.match((await verify(server.data)).stdout, /^sound: /);
  });

  test("whose list of files is missing: all is saved, and it is said why it is another log nevertheless", async () => {
    const server = await startServer({ args: ROCKSDB });
    const client = await Client.open(undefined, server.url, "/");
    await publishMany(client, numbered("m", 20));
    client.close();
    await server.stop();
    rmSync(join(server.data, "rocksdb", "CURRENT"));
    const why = "the engine's own files are damaged, so there may have been newer records that nobody sees any more; clients that come back are told that it is another log";
    const dry = await repair(server.data, "--dry-run");
    assert.match(dry.stdout, new RegExp(`^would lose nothing\nwould get a new epoch: ${why}$`, "m"));
    const repaired = await repair(server.data);
    assert.equal(repaired.code, 0, repaired.stdout + repaired.stderr);
    assert.match(repaired.stdout, new RegExp(`^kept 20 records, .*\nlost nothing\nepoch [0-9a-f]{16} -> [0-9a-f]{16}: ${why}$`, "m"));
  });

  test("in the write-ahead log: refused, found, repaired, and no offset is given twice", async (t) => {
    const server = await startServer({ args: ROCKSDB });
    const client = await Client.open(t, server.url, "/");
    for (const text of numbered("m", 50)) await client.publish(text);
    await server.kill9();
    damageLargest(server.data, ".log");
    const { code, stderr } = await refused(server.data);
    assert.equal(code, 1);
    assert.match(stderr, /tidemark repair/);
    const before = snapshot(server.data);
    const found = await verify(server.data);
    assert.equal(found.code, 1, found.stderr);
    assert.match(found.stdout, /^offsets? \d+( to \d+)?: /m);
    assert.deepEqual(snapshot(server.data), before);
    const repaired = await repair(server.data);
    assert.equal(repaired.code, 0, repaired.stdout + repaired.stderr);
    assert.match(repaired.stdout, /^lost \d+ records?: offsets? \d+/m);
    await server.start();
    const again = await Client.open(t, server.url, "/");
    assert.equal((await again.publish("next")).offset, 51);
    await server.stop();
    assert.match((await verify(server.data)).stdout, /^sound: /);
  });
});

describe("tidemark repair", () => {
  test("saves everything but the damaged record, and clients that come back lose and repeat nothing", async (t) => {
    const data = damagedLog();
    const server = await serve(t, SQLITE, { data });
    // A stock page: it keeps the offset of the last message, and its client the position.
    const client = new Client(t, server.url, rare, {
      auth: (answer) => answer({ serverOffset: client.offsets().at(-1) ?? 0, status: true }),
    });
    await client.receives(DAMAGED);
    await server.stop();

    const dry = await repair(data, "--dry-run");
    assert.equal(dry.code, 1);
    assert.match(dry.stdout, new RegExp(`^would lose 1 record: offset ${rareOffsets[DAMAGED]}$`, "m"));
    assert.match(dry.stdout, /^would need \S+ MiB free on the disk, \S+ [KM]iB for the new log beside the damaged one and 96\.0 MiB to spare: \S+ [KMGT]iB are$/m);
    const epoch = sql(data, "SELECT value FROM meta WHERE name='epoch'");

    const { code, stdout, stderr } = await repair(data);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout, /^kept [\d,]+ records, offsets up to \d+$/m);
    assert.match(stdout, new RegExp(`^lost 1 record: offset ${rareOffsets[DAMAGED]}$`, "m"));
    const renewed = new RegExp(`^epoch ${epoch} -> ([0-9a-f]{16}): `, "m").exec(stdout)[1];
    const kept = /^the damaged log is kept in (\S+) \(\S+ [KM]iB\); delete it/m.exec(stdout)?.[1];
    assert.ok(kept, stdout);
    assert.equal(sql(kept, "SELECT value FROM meta WHERE name='epoch'"), epoch);
    assert.equal(sql(data, "SELECT value FROM meta WHERE name='epoch'"), renewed);
    assert.equal((await verify(data)).code, 0);
    assert.match((await repair(data)).stdout, /^sound: .*nothing was changed/);

    const connects = client.connects.length;
    await server.start();
    await client.connected(connects + 1);
    await client.receives(RARE.length - 1);
    assert.equal(client.connects.at(-1).recovered, false);
    const { offset } = await client.publish("after the repair");
    assert.ok(offset > rareOffsets.at(-1) + SEGMENT);
    await client.receives(RARE.length);
    assert.deepEqual(client.payloads(), [...RARE.toSpliced(DAMAGED, 1), "after the repair"]);
  });

  test("makes index segments anew and keeps the epoch, as no history is lost", async () => {
    const data = copyOfLog();
    const epoch = sql(data, "SELECT value FROM meta WHERE name='epoch'");
    sql(data, "UPDATE key_segments SET hashes=x'00'; UPDATE channel_segments SET offsets=x'00'");
    assert.equal((await verify(data)).code, 1);
    const { code, stdout } = await repair(data);
    assert.equal(code, 0);
    assert.match(stdout, /^lost nothing$/m);
    assert.match(stdout, new RegExp(`^epoch ${epoch} as before$`, "m"));
    assert.match((await verify(data)).stdout, new RegExp(`^sound: .*epoch ${epoch}`));
  });

  test("says how much room it needs where there is not enough, and changes nothing", async (t) => {
    const disk = smallDisk(t, 64);
    if (!disk) return;
    const data = join(disk.path, "data");
    cpSync(damagedLog(), data, { recursive: true });
    const before = snapshot(data);
    const dry = await repair(data, "--dry-run");
    assert.match(dry.stdout, /^would need \S+ MiB free on .*: only \S+ MiB are, make room first$/m);
    const { code, stderr } = await repair(data);
    assert.equal(code, 1);
    assert.match(stderr, /^tidemark: a repair writes the log a second time and needs \S+ MiB free .*, 96\.0 MiB of them to spare, where \S+ MiB are; make room on its disk\. Nothing was changed$/m);
    assert.doesNotMatch(stderr, /records are taken again/);
    delete before.lock;
    const after = snapshot(data);
    delete after.lock;
    assert.deepEqual(after, before);
  });

  test("calls an epoch that damage hides unreadable, and gives the log a new one", async () => {
    const data = copyOfLog();
    sql(data, "DELETE FROM meta WHERE name='epoch'; PRAGMA wal_checkpoint(TRUNCATE)");
    const found = await verify(data);
    assert.match(found.stdout, /^not sound: .*, epoch unreadable$/m);
    assert.match((await run(["info", "--data", data])).stdout, /^epoch +unreadable$/m);
    const exported = await run(["export", "--data", data]);
    assert.equal(exported.code, 1, "a log without an identity is no log to go on with elsewhere");
    assert.match(exported.stderr, /epoch .*tidemark repair/);
    assert.match((await repair(data)).stdout, /^epoch unreadable -> [0-9a-f]{16}: /m);
  });

  test("whose losses cannot be read: info counts none of what a repair left out", async () => {
    const data = damagedLog();
    assert.equal((await repair(data)).code, 0);
    const recent = async () => {
      const { records, records_last_day } = JSON.parse((await run(["info", "-o", "json", "--data", data])).stdout);
      assert.equal(records_last_day, records);
      return records;
    };
    const records = await recent();
    sql(data, "DROP TABLE losses");
    assert.equal(await recent(), records);
  });

  test("gives up what was acknowledged and is gone, never its offsets", async (t) => {
    const server = await startServer({ args: SQLITE });
    const client = await Client.open(t, server.url, "/");
    for (const text of numbered("m", 50)) await client.publish(text);
    await server.kill9();
    const log = `${databaseOf(server.data)}-wal`;
    const bytes = readFileSync(log);
    bytes[Math.floor(bytes.length / 2)] ^= 0xff;
    writeFileSync(log, bytes);
    const refused = await run(["serve", "--port", String(await freePort()), "--data", server.data]);
    assert.equal(refused.code, 1);
    assert.match(refused.stderr, /50 was acknowledged.*tidemark repair/);
    const found = await verify(server.data);
    assert.equal(found.code, 1);
    assert.match(found.stdout, /^offsets \d+ to 50: acknowledged once/m);
    const { code, stdout } = await repair(server.data);
    assert.equal(code, 0);
    assert.match(stdout, /^lost \d+ records: offsets \d+ to 50$/m);
    await server.start();
    const again = await Client.open(t, server.url, "/");
    assert.equal((await again.publish("next")).offset, 51);
    await server.stop();
    assert.equal((await verify(server.data)).code, 0);
  });

  test("killed or interrupted at any moment, it leaves the old or the new log, and nothing half-made", async (t) => {
    const damaged = damagedLog();
    for (let round = 0; round < 12; round++) {
      const data = tempDir();
      cpSync(damaged, data, { recursive: true });
      const signal = round % 2 === 0 ? "SIGKILL" : "SIGINT";
      const delay = Math.random() * 250;
      t.diagnostic(`${signal} after ${Math.round(delay)} ms`);
      const command = new Command(t, ["repair", "--data", data]);
      setTimeout(() => command.child.kill(signal), delay);
      const ended = await command.ended();
      const what = `${signal} after ${delay} ms: ${JSON.stringify(ended)}`;
      if (signal === "SIGINT" && ended.signal === null) {
        assert.ok([0, 130].includes(ended.code), what);
        assert.deepEqual(readdirSync(data).filter((name) => name.startsWith("repair.")), [], what);
      }
      const { code, stdout, stderr } = await repair(data);
      assert.equal(code, 0, `${what}; then ${stdout}${stderr}`);
      assert.deepEqual(readdirSync(data).filter((name) => name.startsWith("repair.")), [], what);
      assert.equal(readdirSync(data).filter((name) => name.startsWith("damaged-")).length, 1, what);
      assert.match((await verify(data)).stdout, /^sound: /, what);
    }
  });
});
