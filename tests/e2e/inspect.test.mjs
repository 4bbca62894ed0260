// info, channels, get, append and stats: the same on the log of a stopped server and of a running one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync } from "node:fs";
import { createServer } from "node:http";
import { before, describe, test } from "node:test";
import { Command, cleanEnv, run, snapshot } from "./commands.mjs";
import { backend, Client, newKey, numbered, serve, startServer, tempDir, tidemarkBin, waitFor, within } from "./support.mjs";

const KEY = newKey();
let original; // 3 records in /, 5 in /chat/pier
let epoch;

before(async () => {
  const server = await startServer({ args: ["--backend", backend] });
  const root = await Client.open(undefined, server.url, "/", { auth: { name: "Ann" } });
  const pier = await Client.open(undefined, server.url, "/chat/pier");
  await root.publish({ text: "hello" }, KEY);
  await root.publish({ picture: Buffer.from("12345") });
  await pier.publishAll(numbered("p", 5));
  await root.publish("last");
  await root.receives(3);
  epoch = root.received[0].position.split(".")[0];
  for (const client of [root, pier]) client.close();
  await server.stop();
  original = server.data;
});

function copyOfLog() {
  const data = tempDir();
  cpSync(original, data, { recursive: true });
  return data;
}

/** Runs a command on the dead directory and on a server of a copy. */
async function onBoth(t, args) {
  const dead = await run([...args, "--data", original]);
  const server = await serve(t, [], { data: copyOfLog() });
  const live = await run([...args, "--data", server.data]);
  assert.equal(dead.code, 0, dead.stderr);
  assert.equal(live.code, 0, live.stderr);
  return { dead: dead.stdout, live: live.stdout, server };
}

describe("tidemark info", () => {
  test("says what log it is, and changes nothing", async () => {
    const files = snapshot(original);
    const { code, stdout } = await run(["info", "--data", original]);
    assert.equal(code, 0);
    for (const line of [
      /^server +none uses it$/m, new RegExp(`^engine +${backend}$`, "m"), new RegExp(`^epoch +${epoch}$`, "m"),
      /^first +1 at \d{4}-.*Z$/m, /^head +8 at \d{4}-.*Z$/m, /^records +8$/m, /^channels +2$/m, /^segments +0$/m,
      /^rate +8 in the last minute$/m, /^durable +every commit is flushed/m,
    ]) {
      assert.match(stdout, line);
    }
    assert.deepEqual(snapshot(original), files);
  });

  test("-o json says the same for programs, of a running server too", async (t) => {
    const { dead, live, server } = await onBoth(t, ["info", "-o", "json"]);
    const { server: address, version, connections, unreadable, log: liveLog, bytes: liveBytes, ...liveRest } = JSON.parse(live);
    const { bytes, log, ...rest } = JSON.parse(dead);
    assert.deepEqual([address, liveLog, log, unreadable], [server.url, server.url, original, []]);
    assert.ok(connections >= 1);
    // The same as the text has.
    const text = (await run(["info", "--url", server.url])).stdout;
    assert.match(text, new RegExp(`^server +${server.url} \\(version ${version}, `, "m"));
    assert.ok(text.includes(`\ndurable   ${rest.durable}\n`), text);
    assert.ok(bytes > 0 && liveBytes > 0);
    for (const info of [rest, liveRest]) for (const span of ["minute", "hour", "day"]) delete info[`records_last_${span}`];
    assert.deepEqual(liveRest, rest);
    assert.deepEqual(
      { engine: rest.engine, epoch: rest.epoch, first: rest.first, head: rest.head, records: rest.records, channels: rest.channels },
      { engine: backend, epoch, first: 1, head: 8, records: 8, channels: 2 },
    );
  });

  test("names the server that has the log", async (t) => {
    const server = await serve(t);
    const { stdout } = await run(["info", "--data", server.data]);
    assert.match(stdout, new RegExp(`^server +${server.url} \\(version .*, \\d+ connections?\\)$`, "m"));
    assert.match(stdout, /^first +no record is kept$/m);
  });
});

describe("tidemark channels", () => {
  test("lists what each holds, as a table and for programs", async (t) => {
    const { dead, live } = await onBoth(t, ["channels"]);
    assert.match(dead, /^channel {2,}records {2,}first {2,}last {2,}last time {2,}bytes$/m);
    assert.match(dead, /^\/ {2,}3 {2,}1 {2,}8 {2,}\d{4}-.*Z {2,}\d+ bytes$/m);
    assert.match(dead, /^\/chat\/pier {2,}5 {2,}3 {2,}7 {2,}\d{4}-.*Z/m);
    assert.equal(live, dead);
    const lines = (await run(["channels", "-o", "json", "--data", original])).stdout.trim().split("\n").map((l) => JSON.parse(l));
    assert.deepEqual(lines.map(({ channel, records, first, last }) => ({ channel, records, first, last })), [
      { channel: "/", records: 3, first: 1, last: 8 },
      { channel: "/chat/pier", records: 5, first: 3, last: 7 },
    ]);
  });
});

describe("tidemark get", () => {
  test("shows one record with everything it has", async (t) => {
    const { dead, live } = await onBoth(t, ["get", "1"]);
    for (const line of [
      /^offset +1$/m, new RegExp(`^position +${epoch}\\.1$`, "m"), /^channel +\/$/m, /^sender +Ann$/m,
      new RegExp(`^key +${KEY}$`, "m"), /^payload +\{"text":"hello"\}$/m,
    ]) {
      assert.match(dead, line);
    }
    assert.equal(live, dead);
    const parts = await onBoth(t, ["get", "2"]);
    assert.match(parts.dead, /^part 0 +5 bytes$/m);
    assert.equal(parts.live, parts.dead);
    assert.equal((await onBoth(t, ["get", "1", "-o", "raw"])).live, '{"text":"hello"}\n');
  });

  test("says why there is none, and what an offset is", async (t) => {
    const server = await serve(t, [], { data: copyOfLog() });
    for (const where of [["--data", original], ["--url", server.url]]) {
      const beyond = await run(["get", "9", ...where]);
      assert.equal(beyond.code, 1);
      assert.match(beyond.stderr, /^tidemark: there is no record at offset 9 in .*: the newest is 8\n$/);
    }
    for (const [args, said] of [
      [["get"], /tidemark get needs OFFSET: tidemark get \[options\] OFFSET/],
      [["get", "zero"], /zero: an offset is a number from 1 on/],
      [["get", "0"], /0: an offset is a number from 1 on/],
      [["get", "1", "2"], /unexpected argument 2; the usage is: tidemark get \[options\] OFFSET/],
    ]) {
      const { code, stderr } = await run(args);
      assert.equal(code, 2);
      assert.match(stderr, said);
    }
  });
});

describe("tidemark append", () => {
  for (const [what, start] of [
    ["into a directory that nobody serves", async () => ({ data: copyOfLog() })],
    ["through a running server", (t) => serve(t, [], { data: copyOfLog() })],
  ]) {
    test(`adds records ${what}, once each, and prints their offsets`, async (t) => {
      const { data } = await start(t);
      const append = (args, input) => run(["append", "--data", data, ...args], { input });
      const told = async (args, input) => {
        const { code, stdout, stderr } = await append(args, input);
        assert.equal(code, 0, stderr);
        return stdout;
      };
      assert.equal(await told(["/chat/pier", 'say "hi"']), "9\n");
      assert.equal(await told(["/", "--json", '{"a": 1.0}', "--key", "k", "--sender", "Zoe"]), "10\n");
      assert.equal(await told(["/", "--json", '{"a": 2}', "--key", "k"]), "10 duplicate\n");
      assert.equal(await told(["/chat/pier", "--key", "line"], "one\ntwo\nthree"), "11\n12\n13\n");
      assert.equal(await told(["/chat/pier", "-", "--key", "line"], "one\ntwo\n"), "11 duplicate\n12 duplicate\n");
      assert.equal(await told(["/chat/pier", "-K"], "x\tfour\ny\tfive\n"), "14\n15\n");
      assert.equal(await told(["/chat/pier"], ""), "");
      const { stdout } = await run(["tail", "--data", data, "--from", "9", "--format", "{offset} {channel} {sender} {key} {payload}"]);
      assert.deepEqual(stdout.trim().split("\n"), [
        '9 /chat/pier tidemark  "say \\"hi\\""',
        '10 / Zoe k {"a": 1.0}',
        '11 /chat/pier tidemark line-1 "one"',
        '12 /chat/pier tidemark line-2 "two"',
        '13 /chat/pier tidemark line-3 "three"',
        '14 /chat/pier tidemark x "four"',
        '15 /chat/pier tidemark y "five"',
      ]);
    });
  }

  test("what it added in a directory is served, and the lock is given back", async (t) => {
    const data = copyOfLog();
    await run(["append", "--data", data, "/", "from the shell"]);
    const server = await serve(t, [], { data });
    const client = await Client.open(t, server.url, "/", { auth: { serverOffset: 8 } });
    await client.receives(1);
    assert.deepEqual(client.payloads(), ["from the shell"]);
  });

  test("keeps what was stored before a line with a mistake, and says which line that is", async () => {
    const data = copyOfLog();
    const { code, stdout, stderr } = await run(["append", "--data", data, "/", "--json"], { input: '1\n{"a"\n3\n' });
    assert.equal(code, 2);
    assert.equal(stdout, "9\n");
    assert.match(stderr, /^tidemark: line 2 is no JSON \(--json\), or nested too deep\n$/);
  });

  test("says what is wrong before anything is stored", async (t) => {
    const server = await serve(t);
    for (const [args, status, said] of [
      [["append"], 2, /tidemark append needs CHANNEL \[TEXT\|-\]/],
      [["append", "pier", "x"], 2, /pier: a channel begins with '\/'/],
      [["append", "/chat/*", "x"], 2, /names one channel/],
      [["append", "/nobody/here", "x", "--url", server.url], 1, /this server has the channels/],
      [["append", "/", "x", "--event", "unheard", "--url", server.url], 2, /event must be one that this server stores/],
      [["append", "/", "x", "--key", "k", "--keyed"], 2, /--key and --keyed/],
      [["append", "/", "x", "--data", tempDir()], 1, /there is no log in/],
      [["append", "/", "x", "--data", "/nowhere/at/all"], 1, /there is no data directory/],
    ]) {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, status, `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, said);
      assert.equal(stderr.trim().split("\n").length, 1);
      assert.equal(stdout, "");
    }
  });
});

describe("tidemark stats", () => {
  test("shows what a server did, once or again and again", async (t) => {
    const server = await serve(t, [], { data: copyOfLog() });
    const client = await Client.open(t, server.url, "/");
    await client.publishAll(numbered("m", 4));
    const { code, stdout } = await run(["stats", "--url", server.url]);
    assert.equal(code, 0);
    for (const line of [/^head +12$/m, /^first +1$/m, /^records +12$/m, /^stored +4$/m, /^connections +\d+$/m, /^new clients +\d+$/m]) {
      assert.match(stdout, line);
    }
    const watching = new Command(t, ["stats", "--watch", "--interval", "100ms", "--data", server.data]);
    await watching.prints(30);
    assert.match(watching.stdout, /^head +12 +\d+\.\d\/s$/m);
    assert.equal((await watching.interrupt()).code, 130);
  });

  test("-o json is one object, and with --watch one a line, with what there was per second", async (t) => {
    const server = await serve(t, [], { data: copyOfLog() });
    const client = await Client.open(t, server.url, "/");
    await client.publishAll(numbered("m", 4));
    const text = (await run(["stats", "--url", server.url])).stdout;
    const once = await run(["stats", "-o", "json", "--url", server.url]);
    assert.equal(once.code, 0);
    const { time, started, bytes, connections, stored_bytes, ...rest } = JSON.parse(once.stdout);
    assert.ok(Date.parse(time) > Date.parse(started) && bytes > 0 && connections >= 1 && stored_bytes > 0);
    const { commits } = rest;
    assert.deepEqual(rest, {
      log: server.url, engine: backend, epoch, head: 12, first: 1, records: 12, stored: 4, commits, duplicates: 0,
      resumed: 0, replayed: 0, new_clients: 1,
    });
    // Every line of the text has its member.
    for (const name of text.trim().split("\n").slice(1).map((line) => line.slice(0, 14).trim().replaceAll(" ", "_"))) {
      assert.ok(name in JSON.parse(once.stdout), name);
    }
    const dead = JSON.parse((await run(["stats", "-o", "json", "--data", original])).stdout);
    assert.deepEqual(Object.keys(dead), ["time", "log", "engine", "epoch", "head", "first", "records", "bytes"]);

    const watching = new Command(t, ["stats", "--watch", "-o", "json", "--interval", "100ms", "--data", server.data]);
    const looks = (await watching.prints(3)).map((line) => JSON.parse(line));
    assert.equal(looks[0].per_second, undefined);
    assert.deepEqual(Object.keys(looks[1].per_second), ["head", "stored", "commits", "duplicates", "resumed", "replayed", "new_clients"]);
    assert.equal((await watching.interrupt()).code, 130);
  });

  for (const [how, status, end] of [
    ["q", 0, (terminal) => terminal.stdin.write("xq")],
    ["ctrl-C", 130, (terminal) => terminal.stdin.write("\x03")],
    ["ctrl-\\", 130, (terminal) => terminal.stdin.write("\x1c")],
    ["SIGTERM", 130, (terminal, pid) => process.kill(pid, "SIGTERM")],
    ["SIGHUP", 130, (terminal, pid) => process.kill(pid, "SIGHUP")],
  ]) {
    test(`--watch gives a terminal its screen back, ended by ${how}`, async (t) => {
      const server = await serve(t, [], { data: copyOfLog() });
      const script = 'trap : INT QUIT; stty -g; sh -c \'echo pid=$$; exec "$TIDEMARK" stats --watch --interval 100ms --url "$URL"\'; echo status=$?; stty -g';
      const terminal = spawn("script", ["-qec", script, "/dev/null"], {
        env: cleanEnv({ TERM: "xterm", TIDEMARK: tidemarkBin, URL: server.url }),
      });
      t.after(() => terminal.kill("SIGKILL"));
      let text = "";
      terminal.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      const closed = new Promise((resolve) => terminal.on("close", resolve));
      await waitFor(() => /^head +8 /m.test(text), { what: "the view with its rates" });
      await end(terminal, Number(/pid=(\d+)/.exec(text)[1]));
      await within(closed, "the view to end");
      const [enter, leave] = ["\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"];
      assert.equal(text.split(enter).length, 2, JSON.stringify(text));
      assert.equal(text.split(leave).length, 2, JSON.stringify(text));
      assert.ok(text.indexOf(enter) < text.indexOf("head"));
      const after = text.slice(text.indexOf(leave) + leave.length);
      assert.doesNotMatch(after, /head|x/);
      const [, code, settings] = /^status=(\d+)\r\n(.*)\r\n$/.exec(after.trimStart());
      assert.equal(Number(code), status);
      assert.equal(settings, text.slice(0, text.indexOf("\r\n")), "the terminal's settings");
    });
  }

  /** In a shell with job control on a terminal, against a server whose answers are counted, and stop when it is silent. */
  async function watchInShell(t) {
    const answer = await (await fetch(`${(await serve(t, [], { data: copyOfLog() })).url}/api/v1/info`)).text();
    const seen = { text: "", looks: 0, silent: false };
    const server = createServer((_, response) => {
      seen.looks += 1;
      if (!seen.silent) response.end(answer);
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => (server.closeAllConnections(), server.close()));
    const terminal = spawn("script", ["-qec", "PS1='ready> ' exec bash --norc --noprofile --noediting -i", "/dev/null"], {
      env: cleanEnv({ TERM: "xterm", HISTFILE: "", TIDEMARK: tidemarkBin, URL: `http://127.0.0.1:${server.address().port}` }),
    });
    t.after(() => terminal.kill("SIGKILL"));
    terminal.stdout.setEncoding("utf8").on("data", (chunk) => (seen.text += chunk));
    const type = (keys) => {
      seen.text = "";
      terminal.stdin.write(keys);
    };
    const shows = (expression) =>
      waitFor(() => expression.test(seen.text), { what: String(expression) }).catch((error) => {
        throw new Error(`${error.message}; the terminal: ${JSON.stringify(seen.text)}`);
      });
    const modes = async () => {
      type("echo modes=$(stty -g)\n");
      await shows(/modes=[\da-f:]+\r\n/);
      return /modes=[\da-f:]+\r\n/.exec(seen.text)[0];
    };
    await shows(/ready> /);
    const before = await modes();
    type('"$TIDEMARK" stats --watch --interval 100ms --url "$URL"\n');
    await shows(/^head +8 /m);
    return { seen, type, shows, modes, before };
  }
  const ENTERED = /\x1b\[\?1049h\x1b\[\?25l[^]*^head +8/m;
  const LEFT = /\x1b\[\?25h\x1b\[\?1049l/;
  const STOPPED = /\x1b\[\?25h\x1b\[\?1049l[^]*Stopped[^]*ready> /;

  test("--watch gives the terminal back when ctrl-Z stops it, and has its screen and keys again in the foreground", async (t) => {
    const { type, shows, modes, before } = await watchInShell(t);
    for (let i = 0; i < 2; ++i) {
      type("\x1a");
      await shows(STOPPED);
      assert.equal(await modes(), before);
      type("fg\n");
      await shows(ENTERED);
    }
    type("xq");
    await shows(LEFT);
    assert.equal(await modes(), before);
    type("echo jobs=$(jobs)=\n");
    await shows(/jobs==\r\n/);
  });

  test("--watch goes on in the background, unseen, comes back from there, and ends there by SIGTERM", async (t) => {
    const { seen, type, shows, modes, before } = await watchInShell(t);
    const looks = async () => {
      const from = seen.looks;
      await waitFor(() => seen.looks > from + 2, { what: "further looks" });
    };
    type("\x1a");
    await shows(STOPPED);
    type("bg\n");
    await looks();
    assert.doesNotMatch(seen.text, /head/);
    assert.equal(await modes(), before);
    type("fg\n");
    await shows(ENTERED);
    type("\x1a");
    await shows(STOPPED);
    type("bg\n");
    await looks();
    type("kill %1; wait %1; echo status=$?\n");
    await shows(/status=130\r\n/);
    assert.equal(await modes(), before);
  });

  test("--watch that is stopped ends by SIGTERM", async (t) => {
    const { type, shows, modes, before } = await watchInShell(t);
    type("\x1a");
    await shows(STOPPED);
    const waited = (kind) => `while [ -n "$(jobs ${kind})" ]; do sleep 0.1; done`;
    type(`kill %1; ${waited("-s")}; ${waited("-r")}\n`);
    await shows(/\[1\]\+ +Exit 130 /);
    assert.equal(await modes(), before);
  });

  test("--watch says in its view that a server is silent, and q ends it meanwhile", async (t) => {
    const { seen, type, shows, modes, before } = await watchInShell(t);
    seen.silent = true;
    await shows(/no answer since 2.*: it is silent\r\n[^]*^head +8/m);
    assert.doesNotMatch(seen.text, /waiting for/);
    type("q");
    await shows(LEFT);
    assert.doesNotMatch(seen.text, /silent for/, "that its patience was over");
    assert.equal(await modes(), before);
  });

  test("--watch gives a terminal its screen back before it says that there is no server", async (t) => {
    const terminal = spawn("script", ["-qec", 'exec "$TIDEMARK" stats --watch --url http://localhost:1', "/dev/null"], {
      env: cleanEnv({ TERM: "xterm", TIDEMARK: tidemarkBin }),
    });
    t.after(() => terminal.kill("SIGKILL"));
    let text = "";
    terminal.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    await within(new Promise((resolve) => terminal.on("close", resolve)), "the view to end");
    assert.match(text, /\x1b\[\?1049l[^]*tidemark: cannot reach http:\/\/localhost:1/);
  });

  test("--watch keeps to the terminal's window", async (t) => {
    const server = await serve(t, [], { data: copyOfLog() });
    const terminal = spawn("script", ["-qec", 'stty cols 30 rows 6; exec "$TIDEMARK" stats --watch --interval 100ms --url "$URL"', "/dev/null"], {
      env: cleanEnv({ TERM: "xterm", TIDEMARK: tidemarkBin, URL: server.url }),
    });
    t.after(() => terminal.kill("SIGKILL"));
    let text = "";
    terminal.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    await waitFor(() => text.split("\x1b[H\x1b[J").length > 3, { what: "two views" });
    const lines = text.split("\x1b[H\x1b[J")[2].split("\r\n");
    assert.match(lines[0], /^http:\/\/localhost/);
    assert.match(lines[1], /^head /);
    assert.equal(lines.length, 6);
    for (const line of lines) assert.ok(line.length <= 30, line);
  });

  test("--watch says that its server is gone, and goes on when it is back", async (t) => {
    const data = copyOfLog();
    const server = await serve(t, [], { data });
    const watching = new Command(t, ["stats", "--watch", "--interval", "100ms", "--url", server.url]);
    await watching.prints(1);
    await server.stop();
    await waitFor(() => /^no answer since 2.*: cannot reach .*\n.*\nhead +8$/m.test(watching.stdout), { what: "the news" });
    const gone = watching.stdout.length;
    await serve(t, ["--port", String(server.port)], { data });
    await waitFor(() => /^head +8 +0\.0\/s$/m.test(watching.stdout.slice(gone)), { what: "its figures" });
    assert.equal((await watching.interrupt()).code, 130);
  });

  test("--watch under nohup goes on when its terminal goes away", async (t) => {
    const watching = spawn("nohup", [tidemarkBin, "stats", "--watch", "--interval", "100ms", "--data", copyOfLog()], {
      env: cleanEnv(), stdio: ["ignore", "pipe", "ignore"],
    });
    t.after(() => watching.kill("SIGKILL"));
    let text = "";
    watching.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    const views = () => text.split(/^head /m).length;
    await waitFor(() => views() > 1, { what: "a view" });
    watching.kill("SIGHUP");
    const before = views();
    await waitFor(() => views() > before + 2, { what: "further views" });
  });

  test("--watch -o json has a line for each look without an answer, and goes on when the server is back", async (t) => {
    const data = copyOfLog();
    const server = await serve(t, [], { data });
    const watching = new Command(t, ["stats", "--watch", "-o", "json", "--interval", "100ms", "--url", server.url]);
    const looks = () => watching.lines().map((line) => JSON.parse(line));
    await watching.prints(1);
    await server.stop();
    await waitFor(() => looks().at(-1).error, { what: "the news" });
    const { time, error, ...rest } = looks().at(-1);
    assert.ok(Date.parse(time) > 0);
    assert.match(error, /^cannot reach http/);
    assert.deepEqual(rest, {});
    await serve(t, ["--port", String(server.port)], { data });
    await waitFor(() => looks().at(-1).head === 8, { what: "its figures" });
    assert.equal((await watching.interrupt()).code, 130);
  });

  test("--watch on a terminal that can do nothing, as in a pipe, shows one view below the other", async (t) => {
    const server = await serve(t, [], { data: copyOfLog() });
    const terminal = spawn("script", ["-qec", 'exec "$TIDEMARK" stats --watch --interval 100ms --url "$URL"', "/dev/null"], {
      env: cleanEnv({ TERM: "dumb", TIDEMARK: tidemarkBin, URL: server.url }),
    });
    t.after(() => terminal.kill("SIGKILL"));
    let text = "";
    terminal.stdout.setEncoding("utf8").on("data", (chunk) => (text += chunk));
    await waitFor(() => text.split(/^head /m).length > 2, { what: "two views" });
    assert.ok(!text.includes("\x1b"), JSON.stringify(text));
  });

  test("works on the log of a stopped server", async () => {
    const { code, stdout } = await run(["stats", "--data", original]);
    assert.equal(code, 0);
    assert.match(stdout, /^\S+ \(no server\) /);
    assert.match(stdout, /^head +8$/m);
    assert.doesNotMatch(stdout, /connections/);
  });
});
