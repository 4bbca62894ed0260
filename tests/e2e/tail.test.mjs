// `tidemark tail`, from the user's side: on the log of a stopped server, of a running one, and across its restarts.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import net from "node:net";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { cleanEnv, Command, run, snapshot } from "./commands.mjs";
import { backend, Client, freePort, newChannel, newKey, numbered, serve, startServer, tempDir, tidemarkBin, waitFor, within } from "./support.mjs";

const pier = newChannel();
const dock = newChannel();
const EVIL = "\u001b[2J\u009b31m\u202e";
let original; // a data directory with 30 records
let sent;
const yesterday = new Date(Date.now() + 60_000).toISOString(); // its time of day is not yet today's

before(async () => {
  const server = await startServer({ args: ["--backend", backend, "--event", "chat message", "--event", "drawing"] });
  const ann = await Client.open(undefined, server.url, pier, { auth: { name: "Ann" } });
  const bob = await Client.open(undefined, server.url, dock, { auth: { name: `Bob${EVIL}` } });
  const key = newKey();
  sent = [];
  for (const text of numbered("low", 10)) sent.push({ ...(await ann.publish(text)), text });
  sent.push({ ...(await ann.publish({ text: "with a key", n: 1 }, key)), key });
  sent.push({ ...(await ann.publish(Buffer.from([1, 2, 3]))) });
  await new Promise((resolve) => ann.socket.emit("drawing", "a line", resolve));
  await bob.publish(EVIL);
  for (const text of numbered("high", 16)) await bob.publish(text);
  for (const client of [ann, bob]) client.close();
  await server.stop();
  original = server.data;
});

const tail = (...args) => run(["tail", "--data", original, ...args]);
const offsetsOf = (stdout) => stdout.trim().split("\n").filter(Boolean).map((line) => Number(line.split(" ")[0]));
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

describe("tidemark tail on the log of a stopped server", () => {
  test("shows the newest ten, a line each, and touches nothing", async () => {
    const files = snapshot(original);
    const { code, stdout, stderr } = await tail();
    assert.equal(code, 0, stderr);
    assert.deepEqual(offsetsOf(stdout), range(21, 30));
    assert.match(stdout, new RegExp(`^30  \\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z  ${dock}  Bob.*  "high 15"$`, "m"));
    assert.equal(stderr, "");
    assert.deepEqual(snapshot(original), files);
  });

  test("leaves the directory free for a server", async (t) => {
    const data = tempDir();
    cpSync(original, data, { recursive: true });
    assert.equal((await run(["tail", "--data", data])).code, 0);
    const server = await serve(t, [], { data });
    assert.equal((await server.stop()).code, 0);
  });

  for (const [what, args, expected] of [
    ["-n 3", ["-n", "3"], range(28, 30)],
    ["-n 0", ["-n", "0"], []],
    ["-n 1000", ["-n", "1000"], range(1, 30)],
    ["--from 5", ["--from", "5"], range(5, 30)],
    ["--from earliest", ["--from", "earliest"], range(1, 30)],
    ["--from latest", ["--from", "latest"], []],
    ["--from 5 --count 3", ["--from", "5", "--count", "3"], range(5, 7)],
    ["--from 5 -n 2", ["--from", "5", "-n", "2"], range(29, 30)],
    ["--since 1h", ["--since", "1h"], range(1, 30)],
    ["--until an hour ago", ["--until", "1h"], []],
    ["--since a time of day that was", ["--since", yesterday.slice(11)], range(1, 30)],
    ["a channel", [pier], range(4, 13)],
    ["a channel by pattern", ["/chat/*", "-n", "1"], [30]],
    ["two channels", [pier, dock, "-n", "20"], range(11, 30)],
    ["a channel nobody used", ["/chat/nowhere"], []],
    ["--event", ["--event", "drawing", "-n", "5"], [13]],
    ["--sender", ["--sender", "Ann", "-n", "2"], [12, 13]],
    ["--grep", ["--grep", "low [37]", "-n", "9"], [4, 8]],
    ["--grep with another case", ["--grep", "LOW [37]"], []],
    ["-i --grep with another case", ["-i", "--grep", "LOW [37]"], [4, 8]],
    ["-3", ["-3"], range(28, 30)],
    ["--grep with an alternative, newest one", ["--grep", "low 3|key", "-n", "1"], [11]],
  ]) {
    test(`${what} shows what it says`, async () => {
      const { code, stdout, stderr } = await tail(...args);
      assert.equal(code, 0, stderr);
      assert.deepEqual(offsetsOf(stdout), expected);
    });
  }

  test("--since and --until with a record's own time begin at it and end before it", async () => {
    const times = (await tail("--from", "earliest", "--format", "{time}")).stdout.trim().split("\n");
    const middle = times[15];
    const [since, until] = [await tail("--since", middle), await tail("--until", middle)];
    assert.deepEqual(offsetsOf(since.stdout), range(times.indexOf(middle) + 1, 30));
    assert.deepEqual(offsetsOf(until.stdout), range(1, times.indexOf(middle)));
  });

  test("-o json prints one object a line: the record as it is", async () => {
    const { stdout } = await tail("--from", "10", "--count", "3", "-o", "json");
    const records = stdout.trim().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(records.map(({ offset }) => offset), [10, 11, 12]);
    assert.equal(records[0].payload, "low 9");
    assert.deepEqual(Object.keys(records[1]), ["offset", "time", "channel", "event", "sender", "key", "payload"]);
    assert.equal(records[1].key, sent[10].key);
    assert.equal(records[1].sender, "Ann");
    assert.deepEqual(records[2].attachments, [Buffer.from([1, 2, 3]).toString("base64")]);
  });

  test("-o raw prints the payloads alone; --format a line of one's own", async () => {
    assert.equal((await tail("--from", "11", "--count", "1", "-o", "raw")).stdout, '{"text":"with a key","n":1}\n');
    const { stdout } = await tail("--from", "11", "--count", "1", "--format", "{offset}\\t{key}={payload}");
    assert.equal(stdout, `11\t${sent[10].key}={"text":"with a key","n":1}\n`);
  });

  test("text keeps a sender's and a payload's control characters from the terminal", async () => {
    const { stdout } = await tail("--from", "14", "--count", "1");
    // eslint-disable-next-line no-control-regex
    assert.doesNotMatch(stdout.slice(0, -1), /[\u0000-\u001f\u007f-\u009f\u202e]/);
    assert.match(stdout, /Bob\\x1b\[2J\\u009b31m\\u202e/);
  });

  test("colours appear on a terminal, unless NO_COLOR says no", async () => {
    const onTerminal = (env) =>
      new Promise((resolve) => {
        const child = spawn("script", ["-qec", '"$TIDEMARK" tail -n 1 --data "$DATA"', "/dev/null"], {
          env: { ...process.env, TERM: "xterm", NO_COLOR: "", TIDEMARK: tidemarkBin, DATA: original, ...env },
        });
        let text = "";
        child.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
        child.on("close", () => resolve(text));
      });
    assert.match(await onTerminal({}), /^\x1b\[33m30\x1b\[0m/);
    assert.match(await onTerminal({ NO_COLOR: "1" }), /^30  /);
    assert.match(await onTerminal({ TERM: "dumb" }), /^30  /);
  });

  test("ends quietly when nobody reads on", async (t) => {
    const command = new Command(t, ["tail", "--data", original, "--from", "earliest"]);
    command.child.stdout.destroy();
    const { code, signal, stderr } = await command.ended();
    assert.deepEqual({ code, signal, stderr }, { code: 0, signal: null, stderr: "" });
  });

  test("says that its output cannot be written", async () => {
    const child = spawn("sh", ["-c", 'exec "$0" tail --data "$1" > /dev/full', tidemarkBin, original]);
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
    const code = await new Promise((resolve) => child.on("close", resolve));
    assert.equal(code, 1);
    assert.match(stderr, /^tidemark: cannot write the output: .*\n$/);
  });

  test("a damaged record is named and passed over, and nothing is exported without it", async (t) => {
    const sqlite = await startServer({ args: ["--backend", "sqlite"] }); // whose bytes stand in the file as they are
    const client = await Client.open(t, sqlite.url, "/");
    await client.publishAll(numbered("whole", 8));
    await sqlite.stop();
    const file = join(sqlite.data, "tidemark.sqlite3");
    const bytes = readFileSync(file);
    bytes[bytes.indexOf("whole 3")] ^= 1;
    writeFileSync(file, bytes);

    const dead = await run(["tail", "--from", "earliest", "--data", sqlite.data]);
    assert.equal(dead.code, 1);
    assert.deepEqual(offsetsOf(dead.stdout), [1, 2, 3, 5, 6, 7, 8]);
    assert.match(dead.stderr, /^tidemark: .*offset 4\b.*\n$/);
    assert.equal((await run(["get", "4", "--data", sqlite.data])).code, 1);
    const exported = await run(["export", "--data", sqlite.data]);
    assert.equal(exported.code, 1);
    assert.match(exported.stderr, /offset 4\b/);
  });

  test("a mistake in the arguments is one line and status 2, with the nearest name", async () => {
    for (const [args, said] of [
      [["tial"], /unknown command tial; did you mean tail\?/],
      [["tail", "--sicne", "1h"], /did you mean --since\?/],
      [["tail", "pier"], /pier: a channel begins with '\/'/],
      [["tail", "--format", "{offst}"], /did you mean \{offset\}\?/],
      [["tail", "--format", "{offset}", "-o", "json"], /--format and --output/],
      [["tail", "--url", "http://localhost:1", "--data", "x"], /--url and --data/],
    ]) {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 2, args.join(" "));
      assert.match(stderr, said);
      assert.equal(stderr.trim().split("\n").length, 1);
      assert.equal(stdout, "");
    }
  });

  test("says why it shows nothing: a channel without records, with the nearest name, or an offset behind the newest", async () => {
    for (const [args, said] of [
      [[`${dock}x`], `${dock}x has no record; did you mean ${dock}?`],
      [["/quite/another/name"], "/quite/another/name has no record"],
      [["--sender", "nobody"], "no record matches"],
      [["--from", "earliest", "--grep", "no such text"], "no record matches"],
      [["--from", "999"], "the log ends at offset 30, so there is none from offset 999 on"],
      [["--from", "31"], "the log ends at offset 30, so there is none from offset 31 on"],
    ]) {
      assert.deepEqual(await tail(...args), { code: 0, signal: null, stdout: "", stderr: `tidemark: ${said}\n` });
    }
    for (const args of [["--from", "30", pier], ["-n", "0", dock], ["--from", "latest"], [dock, "--until", "2001-01-01"]]) {
      assert.deepEqual(await tail(...args), { code: 0, signal: null, stdout: "", stderr: "" }, args.join(" "));
    }
  });

  test("--since later than --until is a mistake", async () => {
    const { code, stdout, stderr } = await tail("--since", "1h", "--until", "2h");
    assert.deepEqual([code, stdout], [2, ""]);
    const time = String.raw`\d{4}-\d\d-\d\dT[\d:.]+Z`;
    assert.match(stderr, new RegExp(`^tidemark: --since \\(${time}\\) is later than --until \\(${time}\\), so no record can be meant\n$`));
  });

  test("a directory that is not there, or without a log, is one line and status 1", async () => {
    for (const [data, said] of [
      ["/nowhere/at/all", /there is no data directory \/nowhere\/at\/all; name it with --data/],
      [tempDir(), /there is no log in/],
    ]) {
      const { code, stderr } = await run(["tail", "--data", data]);
      assert.equal(code, 1);
      assert.match(stderr, said);
      assert.equal(stderr.trim().split("\n").length, 1);
    }
  });

  test("-f waits for a server, says so, and leaves the directory to it; ctrl-C ends it with 130", async (t) => {
    const data = tempDir();
    cpSync(original, data, { recursive: true });
    const command = new Command(t, ["tail", "-f", "-n", "1", "--data", data]);
    await command.prints(1);
    await command.says(/waiting for a server/);
    const server = await serve(t, [], { data });
    await server.stop();
    const { code, stdout } = await command.interrupt();
    assert.equal(code, 130);
    assert.deepEqual(offsetsOf(stdout), [30]);
  });
});

describe("tidemark tail on the log of a running server", () => {
  test("finds the server by its data directory, and by its address", async (t) => {
    const server = await serve(t);
    const channel = newChannel();
    const client = await Client.open(t, server.url, channel, { auth: { name: "Ann" } });
    await client.publishAll(numbered("m", 12));
    for (const where of [["--data", server.data], ["--url", server.url], ["--url", server.url.slice("http://".length)], ["--url", `${server.url}/`]]) {
      const { code, stdout, stderr } = await run(["tail", "-n", "3", ...where]);
      assert.equal(code, 0, stderr);
      assert.deepEqual(offsetsOf(stdout), [10, 11, 12]);
      assert.match(stdout, /Ann {2}"m 11"$/m);
    }
    const byVariable = await run(["tail", "-n", "1"], { env: { TIDEMARK_URL: server.url } });
    assert.deepEqual(offsetsOf(byVariable.stdout), [12]);
  });

  test("shows the same as on the log of the stopped server", async (t) => {
    const data = tempDir();
    cpSync(original, data, { recursive: true });
    const server = await serve(t, [], { data });
    const middle = (await tail("--from", "15", "--count", "1", "--format", "{time}")).stdout.trim();
    for (const args of [
      [], ["-n", "100", "-o", "json"], ["-n", "3", pier], ["--from", "5", "--count", "4"], ["--since", middle],
      ["--until", middle, "-o", "raw"], ["--grep", "low [37]"], ["--event", "drawing"], ["/chat/*", "-n", "2"],
      ["--from", "earliest", "--format", "{offset} {position} {attachments} {key}"],
    ]) {
      const [live, dead] = [await run(["tail", "--url", server.url, ...args]), await tail(...args)];
      assert.equal(live.code, 0, live.stderr);
      assert.equal(live.stdout, dead.stdout, args.join(" "));
    }
  });

  test("-f shows every new record, and across restarts none is left out or shown twice", async (t) => {
    const server = await serve(t);
    const channel = newChannel();
    const client = await Client.open(t, server.url, channel);
    await client.publishAll(numbered("before", 20));
    const byDirectory = new Command(t, ["tail", "-f", "-n", "5", "--data", server.data, "-o", "json"]);
    const byAddress = new Command(t, ["tail", "-f", "--from", "latest", "--url", server.url, "-o", "json", channel]);
    await byDirectory.prints(5);
    let sent = 20;
    // The one that shows nothing of what was there follows once it shows something new.
    while (byAddress.lines().length === 0) await client.publish(`m ${sent++}`);
    const from = JSON.parse(byAddress.lines()[0]).offset;
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 10; i++) await client.publish(`m ${sent++}`);
      const connects = client.connects.length;
      await (round === 1 ? server.kill9() : server.stop());
      await byDirectory.says(/waiting for a server/);
      await server.start();
      await client.connected(connects + 1);
    }
    for (let i = 0; i < 10; i++) await client.publish(`m ${sent++}`);
    await byDirectory.prints(sent - 15);
    await byAddress.prints(sent - from + 1);
    const offsets = (command) => command.lines().map((line) => JSON.parse(line).offset);
    assert.deepEqual(offsets(byDirectory), range(16, sent));
    assert.deepEqual(offsets(byAddress), range(from, sent));
    await byDirectory.says(/following .* again/);
    assert.equal((await byDirectory.interrupt()).code, 130);
    assert.equal((await byAddress.interrupt()).code, 130);
  });

  test("-f says that a channel has no record yet, and waits for one", async (t) => {
    const server = await serve(t);
    const channel = newChannel();
    const command = new Command(t, ["tail", "-f", channel, "--format", "{payload}", "--data", server.data]);
    await command.says(new RegExp(`^tidemark: ${channel} has no record yet; waiting for one\n$`));
    const client = await Client.open(t, server.url, channel);
    await client.publish("there it is");
    assert.deepEqual(await command.prints(1), ['"there it is"']);
    const beyond = new Command(t, ["tail", "-f", "--from", "3", "--format", "{payload}", "--url", server.url]);
    await beyond.says(/^tidemark: the log ends at offset 1, so there is none from offset 3 on yet; waiting for it\n$/);
    await client.publishAll(["two", "three"]);
    assert.deepEqual(await beyond.prints(1), ['"three"']);
  });

  test("-f --count ends by itself, and -f ends when its reader is gone", async (t) => {
    const server = await serve(t);
    const client = await Client.open(t, server.url, "/");
    const counted = new Command(t, ["tail", "-f", "-n", "0", "--count", "2", "--url", server.url]);
    const unread = new Command(t, ["tail", "-f", "--url", server.url]);
    unread.child.stdout.destroy();
    assert.equal((await unread.ended()).code, 0);
    let ended = false;
    counted.closed.then(() => (ended = true));
    while (!ended) await client.publish("m");
    const { code, stdout } = await counted.ended();
    assert.equal(code, 0);
    assert.equal(stdout.trim().split("\n").length, 2);
  });

  test("a server that asks for a token gets it, and a wrong one is one line that says what to do", async (t) => {
    const token = "a-token-of-some-length";
    const server = await serve(t, [], { env: { TIDEMARK_API_TOKEN: token } });
    const client = await Client.open(t, server.url, "/");
    await client.publish("m");
    for (const [args, env] of [[["--token", token], {}], [[], { TIDEMARK_TOKEN: token }]]) {
      const { code, stdout, stderr } = await run(["tail", "--data", server.data, ...args], { env });
      assert.equal(code, 0, stderr);
      assert.deepEqual(offsetsOf(stdout), [1]);
    }
    for (const [args, said] of [[["--token", "another-token-than-that"], /refuses this token/], [[], /asks for a token/]]) {
      const { code, stderr } = await run(["tail", "--url", server.url, ...args]);
      assert.equal(code, 2);
      assert.match(stderr, said);
      assert.match(stderr, /--token or TIDEMARK_TOKEN\n$/);
      assert.equal(stderr.trim().split("\n").length, 1);
    }
  });

  test("a server that takes the connection and does not answer is waited for, and who waits at a terminal is told", async (t) => {
    const silent = net.createServer();
    await new Promise((resolve) => silent.listen(0, "127.0.0.1", resolve));
    t.after(() => silent.close());
    const url = `http://127.0.0.1:${silent.address().port}`;
    for (const command of ["tail", "info", "channels", "stats", "append / text"]) {
      const terminal = spawn("script", ["-qec", `"$TIDEMARK" ${command} --url ${url}; echo status=$?`, "/dev/null"], {
        env: cleanEnv({ TERM: "xterm", TIDEMARK: tidemarkBin }),
      });
      t.after(() => terminal.kill("SIGKILL"));
      let text = "";
      terminal.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      const closed = new Promise((resolve) => terminal.on("close", resolve));
      await waitFor(() => text.includes(`tidemark: waiting for ${url} to answer, for 30s at most\r\n`), { what: `${command} to say so` });
      terminal.stdin.write("\x03");
      await within(closed, `${command} to end`);
    }
  });

  test("a server that cannot be reached, or is none, is one line and status 1", async (t) => {
    const port = await freePort();
    const { code, stderr } = await run(["tail", "--url", `http://localhost:${port}`]);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`^tidemark: cannot reach http://localhost:${port}: Connection refused.*\n$`));

    const other = createServer((_, response) => response.writeHead(404).end("nothing here"));
    await new Promise((resolve) => other.listen(0, "localhost", resolve));
    t.after(() => other.close());
    const stranger = await run(["tail", "--url", `http://localhost:${other.address().port}`]);
    assert.equal(stranger.code, 1);
    assert.match(stranger.stderr, /answers 404, so it is no Tidemark server/);
    assert.equal(stranger.stderr.trim().split("\n").length, 1);
  });
});
