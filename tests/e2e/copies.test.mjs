// What export, backup and migrate do where a copy could hide a loss, or be in somebody's way.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, linkSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { cleanEnv, Command, run } from "./commands.mjs";
import { backend, Client, newChannel, numbered, serve, smallDisk, tempDir, tidemarkBin, waitFor } from "./support.mjs";

const other = backend === "sqlite" ? "rocksdb" : "sqlite";
const NOTES = ["tidemark.head", "secret.key", "lock"]; // what is kept when an old log is put back
const RETAINED = 300;

async function succeeds(args, options) {
  const { code, stdout, stderr } = await run(args, options);
  assert.equal(code, 0, `${args.join(" ")}: ${stderr}`);
  return stdout;
}
const append = (data, texts) => succeeds(["append", "/a", "--data", data], { input: texts.map((text) => `${text}\n`).join("") });
const headerOf = (text) => JSON.parse(text.slice(0, text.indexOf("\n")));
const isWhole = (text) => /\n\{"end":\{[^\n]*\}\}\n$/.test(text);

/** A log of five records, `tidemark-data` as the commands need it. */
async function newLog() {
  const data = tempDir();
  const server = await serve(undefined, [], { data });
  await server.stop();
  await append(data, numbered("m", 5));
  return data;
}

/** Passes requests on to a server; `before(request number from 1, path)` is waited for first. */
async function between(t, url, before) {
  let count = 0;
  const relay = http.createServer(async (request, response) => {
    await before(++count, request.url);
    const onward = http.request(url + request.url, { headers: { ...request.headers, host: new URL(url).host } }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    onward.end();
  });
  await new Promise((resolve) => relay.listen(0, "localhost", resolve));
  t.after(() => (relay.close(), relay.closeAllConnections()));
  return `http://localhost:${relay.address().port}`;
}

/** A server that keeps few records, and what makes it trim. */
async function trimming(t) {
  const server = await serve(t, ["--retain-records", String(RETAINED)]);
  const channel = newChannel();
  const client = await Client.open(t, server.url, channel);
  const first = async () => (await (await fetch(`${server.url}/api/v1/info`)).json()).first;
  await client.publishAll(numbered("kept", RETAINED - 50));
  const trim = async () => {
    const was = await first();
    await client.publishAll(numbered("new", 2 * RETAINED));
    await waitFor(async () => (await first()) > was + RETAINED, { what: "the trimming" });
  };
  return { server, trim };
}

describe("a log that lost records which were acknowledged", () => {
  let short; // ends at 5, and 8 was acknowledged
  before(async () => {
    short = await newLog();
    const old = tempDir();
    cpSync(short, old, { recursive: true });
    await append(short, numbered("lost", 3));
    const others = (directory) => readdirSync(directory).filter((name) => !NOTES.includes(name));
    for (const name of others(short)) rmSync(join(short, name), { recursive: true });
    for (const name of others(old)) cpSync(join(old, name), join(short, name), { recursive: true });
  });

  for (const [command, args] of [
    ["export", () => []],
    ["backup", (target) => [target]],
    ["migrate", (target) => ["--to", `${other}:${target}`]],
    ["migrate --new-epoch", (target) => ["--new-epoch", "--to", `${other}:${target}`]],
  ]) {
    test(`is not copied by ${command} as if it were whole`, async () => {
      const target = join(tempDir(), "new");
      const where = command.startsWith("migrate") ? ["--from", `${backend}:${short}`] : ["--data", short];
      const { code, stdout, stderr } = await run([command.split(" ")[0], ...args(target), ...where]);
      assert.equal(code, 1, stderr);
      assert.equal(stdout, "");
      assert.match(stderr, /ends at offset 5 but 8 was acknowledged: 3 records are missing; .*'tidemark repair'\n$/);
      assert.equal(existsSync(target), false);
    });
  }

  test("is shown by tail with what is missing, and get says that its record is among it", async (t) => {
    const missing = /^tidemark: the log in .* ends at offset 5 but 8 was acknowledged: 3 records are missing; .*'tidemark repair'\n/;
    for (const [args, shown] of [[[], 5], [["--from", "7"], 0], [["/nobody/there"], 0], [["--since", "1h"], 5]]) {
      const { code, stdout, stderr } = await run(["tail", "--data", short, ...args]);
      assert.deepEqual([code, stdout.split("\n").length - 1], [1, shown], stderr);
      assert.match(stderr, new RegExp(`${missing.source}$`), args.join(" "));
    }
    const all = await run(["tail", "--data", short, "--from", "1", "--count", "2"]);
    assert.deepEqual([all.code, all.stderr], [0, ""], "what was asked for is all there");
    const following = new Command(t, ["tail", "-f", "--data", short]);
    await following.says(missing);
    assert.equal((await following.interrupt()).code, 130);
    const got = await run(["get", "6", "--data", short]);
    assert.deepEqual([got.code, got.stdout], [1, ""]);
    assert.match(got.stderr, new RegExp(`${missing.source}$`));
    assert.equal((await run(["get", "5", "--data", short])).code, 0);
  });

  test("is copied once a repair has accepted the loss", async () => {
    await run(["repair", "--data", short]);
    const header = headerOf(await succeeds(["export", "--data", short]));
    assert.deepEqual([header.head, header.holes], [8, [{ from: 6, to: 8 }]]);
  });
});

describe("a server that trims while its log is copied", () => {
  for (const command of ["export", "backup"]) {
    test(`gives ${command} all it has, with what its channels lost, or it is said that some went meanwhile`, async (t) => {
      const { server, trim } = await trimming(t);
      for (let place = 1; place <= 5; place++) {
        const url = await between(t, server.url, async (number) => number === place && (await trim()));
        const target = join(tempDir(), "new");
        const { code, stderr } = await run([command, target, "--url", url]);
        if (code !== 0) {
          assert.equal(code, 1);
          assert.match(stderr, /^tidemark: .* trimmed meanwhile.*\n$/, `request ${place}`);
          assert.doesNotMatch(stderr, /repair/);
          continue;
        }
        const text = command === "export" ? readFileSync(target, "utf8") : await succeeds(["export", "--data", target]);
        const { first, losses } = headerOf(text);
        assert.deepEqual(losses.map(({ last }) => last), first > 1 ? [first - 1] : [], `request ${place}`);
      }
    });
  }

  test("tail says which records it cannot show", async (t) => {
    const { server, trim } = await trimming(t);
    const url = await between(t, server.url, async (_, path) => path.startsWith("/api/v1/log") && (await trim()));
    const { code, stdout, stderr } = await run(["tail", "--from", "earliest", "--url", url]);
    assert.match(stderr, /^tidemark: offsets 1 to \d+ were trimmed meanwhile\n$/);
    assert.equal(stdout, "");
    assert.equal(code, 1);
  });
});

describe("names of others", () => {
  for (const command of ["import", "backup", "migrate"]) {
    test(`${command} leaves a directory with the name of its unfinished one alone`, async () => {
      const parent = tempDir();
      const data = await newLog();
      const target = join(parent, "new");
      const photo = join(`${target}.unfinished`, "photos", "a.txt");
      mkdirSync(join(photo, ".."), { recursive: true });
      writeFileSync(photo, "dear");
      const args = {
        import: ["import", "--data", target],
        backup: ["backup", target, "--data", data],
        migrate: ["migrate", "--from", `${backend}:${data}`, "--to", `${other}:${target}`],
      }[command];
      const { code, stderr } = await run(args, { input: "garbage" });
      assert.equal(code, 1);
      assert.match(stderr, /new\.unfinished is in the way/);
      assert.deepEqual(readdirSync(`${target}.unfinished`), ["photos"]);
      assert.equal(readFileSync(photo, "utf8"), "dear");
    });
  }

  test("export leaves a file with the name of an unfinished one alone", async () => {
    const file = join(tempDir(), "log.jsonl");
    writeFileSync(`${file}.unfinished`, "dear");
    linkSync(`${file}.unfinished`, `${file}.same`);
    await succeeds(["export", file, "--data", await newLog()]);
    assert.ok(isWhole(readFileSync(file, "utf8")));
    assert.equal(readFileSync(`${file}.unfinished`, "utf8"), "dear");
    assert.equal(readFileSync(`${file}.same`, "utf8"), "dear");
  });

  test("export leaves a file that is there alone, unless it is to be replaced, and says what it did", async () => {
    const file = join(tempDir(), "log.jsonl");
    writeFileSync(file, "dear");
    const data = await newLog();
    const { code, stdout, stderr } = await run(["export", file, "--data", data]);
    assert.deepEqual([code, stdout], [1, ""]);
    assert.equal(stderr, `tidemark: ${file} is there already; name another file, or replace it with --force\n`);
    assert.equal(readFileSync(file, "utf8"), "dear");
    const forced = await run(["export", "--force", file, "--data", data]);
    assert.deepEqual([forced.code, forced.stdout], [0, ""]);
    const text = readFileSync(file, "utf8");
    assert.ok(isWhole(text));
    const { records } = JSON.parse(text.trim().split("\n").at(-1)).end;
    const { epoch } = headerOf(text);
    const said = (into) => new RegExp(`^tidemark: exported ${records} records?, epoch ${epoch}, ${into}(?:${text.length} bytes|[\\d.]+ KiB) in [\\d.]+ s\n$`);
    assert.match(forced.stderr, said(`into ${file}, `));
    assert.match((await run(["export", "--data", data])).stderr, said(""));
    assert.deepEqual(readdirSync(join(file, "..")), ["log.jsonl"]);
  });

  test("two exports to one name make one whole file, and the later says that it is there", async (t) => {
    const server = await serve(t);
    const client = await Client.open(t, server.url, newChannel());
    await client.publishAll(numbered("m", 500));
    const file = join(tempDir(), "log.jsonl");
    const [asked, goOn] = [later(), later()];
    const url = await between(t, server.url, async (_, path) => {
      if (!path.startsWith("/api/v1/log")) return;
      asked.resolve();
      await goOn.promise;
    });
    const slow = new Command(t, ["export", file, "--url", url]);
    await asked.promise;
    await succeeds(["export", file, "--url", server.url]);
    assert.ok(isWhole(readFileSync(file, "utf8")));
    goOn.resolve();
    assert.equal((await slow.ended()).code, 1, slow.stderr);
    assert.match(slow.stderr, /log\.jsonl is there already/);
    const text = readFileSync(file, "utf8");
    assert.ok(isWhole(text));
    assert.equal(text.trim().split("\n").length, 502);
    assert.deepEqual(readdirSync(join(file, "..")), ["log.jsonl"]);
  });
});

function later() {
  const it = {};
  it.promise = new Promise((resolve) => (it.resolve = resolve));
  return it;
}

describe("an export to a name that is no regular file", () => {
  test("goes through a pipe, which stays one", async (t) => {
    const pipe = join(tempDir(), "pipe");
    assert.equal(spawnSync("mkfifo", [pipe]).status, 0);
    const reader = spawn("cat", [pipe], { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => reader.kill("SIGKILL"));
    let text = "";
    reader.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    const closed = new Promise((resolve) => reader.on("close", resolve));
    await succeeds(["export", pipe, "--data", await newLog()]);
    assert.ok(lstatSync(pipe).isFIFO());
    await closed;
    assert.ok(isWhole(text));
    assert.deepEqual(readdirSync(join(pipe, "..")), ["pipe"]);
  });

  for (const there of [true, false]) {
    test(`follows a symbolic link to ${there ? "a file" : "nothing yet"}, which stays one`, async () => {
      const directory = tempDir();
      mkdirSync(join(directory, "far"));
      const link = join(directory, "link");
      symlinkSync("far/log.jsonl", link);
      if (there) writeFileSync(join(directory, "far", "log.jsonl"), "old");
      await succeeds(["export", "--force", link, "--data", await newLog()]);
      assert.equal(readlinkSync(link), "far/log.jsonl");
      assert.ok(isWhole(readFileSync(join(directory, "far", "log.jsonl"), "utf8")));
      assert.deepEqual(readdirSync(join(directory, "far")), ["log.jsonl"]);
    });
  }
});

describe("a log that does not fit on the disk", () => {
  for (const command of ["backup", "import", "migrate"]) {
    test(`is told by ${command} as that, and nothing is left of it`, async (t) => {
      const disk = smallDisk(t, 16);
      if (!disk) return;
      const data = await newLog();
      const target = join(disk.path, "new");
      const args = { backup: [target, "--data", data], import: ["--data", target], migrate: ["--from", `${backend}:${data}`, "--to", `${other}:${target}`] };
      const input = command === "import" ? await succeeds(["export", "--data", data]) : undefined;
      const { code, stderr } = await run([command, ...args[command]], { input });
      assert.equal(code, 1);
      assert.match(stderr, /^tidemark: the new log does not fit on the disk of \S+new: only \d+ MiB are free for \S+; nothing was changed, make room there or name another directory\n$/);
      assert.deepEqual(readdirSync(disk.path), []);
    });
  }
});

test("one record is one record, and an error speaks of the command's own options", async () => {
  const data = await newLog();
  const [one, copy, moved] = ["one", "copy", "moved"].map((name) => join(tempDir(), name));
  await (await serve(undefined, [], { data: one })).stop();
  await append(one, ["alone"]);
  assert.match(await succeeds(["backup", copy, "--data", one]), /^copied 1 record, .* and checked it in [\d.]+ s\n$/);
  assert.match(await succeeds(["migrate", "--from", `${backend}:${one}`, "--to", `${other}:${moved}`]), /^migrated 1 record, /);
  const text = await succeeds(["export", "--data", one]);
  assert.match(await succeeds(["import", "--data", join(tempDir(), "new")], { input: text }), /^imported 1 record, .* in [\d.]+ s\n$/);
  await append(one, ["two"]);
  assert.match(await succeeds(["trim", "--before", "2", "--dry-run", "--data", one]), /^would remove 1 record, /);
  assert.match(await succeeds(["trim", "--before", "2", "--data", one]), /^removed 1 record, /);

  const nowhere = await run(["migrate", "--from", `${backend}:/nowhere/at/all`, "--to", `${other}:${join(tempDir(), "new")}`]);
  assert.equal(nowhere.stderr, "tidemark: there is no data directory /nowhere/at/all; name it with --from\n");
  const file = join(tempDir(), "file");
  writeFileSync(file, "");
  for (const args of [["migrate", "--from", `${backend}:${data}`, "--to", `${other}:${join(file, "new")}`], ["backup", join(file, "new"), "--data", data]]) {
    const { code, stderr } = await run(args);
    assert.equal(code, 1);
    assert.doesNotMatch(stderr, /--data/);
  }
});

describe("a command whose output cannot be written says so:", () => {
  for (const [command, args] of [
    ["verify", () => []],
    ["trim", () => ["--before", "3"]],
    ["repair", () => []],
    ["backup", (target) => [target]],
    ["migrate", (target) => ["--to", `${other}:${target}`]],
  ]) {
    test(command, async () => {
      const data = await newLog();
      const where = command === "migrate" ? ["--from", `${backend}:${data}`] : ["--data", data];
      const all = [command, ...args(join(tempDir(), "new")), ...where];
      const { status, stderr } = spawnSync("sh", ["-c", 'exec "$0" "$@" > /dev/full', tidemarkBin, ...all], { encoding: "utf8", env: cleanEnv() });
      assert.equal(status, 1);
      assert.equal(stderr, "tidemark: cannot write the output: No space left on device\n");
    });
  }
});

test("an interrupted trim says what it did, and is done where nothing is left to do", async (t) => {
  const whole = await newLog();
  await append(whole, numbered("m", 60_000));
  let interrupted = 0;
  for (let delay = 0; delay < 12; delay++) {
    const data = tempDir();
    cpSync(whole, data, { recursive: true });
    const command = new Command(t, ["trim", "--data", data, "--before", "60000"]);
    let over = false;
    command.closed.then(() => (over = true));
    for (const end = performance.now() + 15 * delay; !over && performance.now() < end; ) await new Promise((resolve) => setImmediate(resolve));
    command.child.kill("SIGINT");
    const { code, signal, stdout, stderr } = await command.ended();
    if (signal) continue; // before it took notice of anything
    assert.doesNotMatch(stdout, /to 0;/);
    const { first } = JSON.parse((await succeeds(["info", "-o", "json", "--data", data])));
    if (code === 130) interrupted++;
    assert.equal(code, first === 60_000 ? 0 : 130, `begins at ${first}; ${stdout}${stderr}`);
  }
  t.diagnostic(`${interrupted} of 12 were interrupted in the middle`);
});
