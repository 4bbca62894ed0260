// Starting and stopping: options from every source, clear errors, and an orderly end.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { repositoryRoot } from "../harness.mjs";
import { cleanEnv, Command, run as runCommand } from "./commands.mjs";
import {
  backend, Client, freePort, newChannel, numbered, RawPolling, RawWebSocket, request, serve, tempDir, tidemarkBin,
  waitFor,
} from "./support.mjs";

/** Runs `tidemark ...` to its end, where no file is. */
const run = (args, env) => runCommand(args, { env, cwd: tempDir() });

/** `tidemark serve` with exactly these arguments (no port given unless they do); resolves with its address. */
async function serveAsTold(t, args, env = {}) {
  const child = spawn(tidemarkBin, ["serve", ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: cleanEnv(env),
    cwd: tempDir(),
  });
  t.after(() => child.kill("SIGKILL"));
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (stderr += text));
  const url = await waitFor(() => /\bevent=serving\b.*\burl=(\S+)/.exec(stderr)?.[1], { what: "event=serving" }).catch(
    (error) => {
      throw new Error(`${error.message}; it said:\n${stderr}`);
    },
  );
  return { child, url, port: Number(new URL(url).port), said: () => stderr };
}

const lines = (text) => text.trim().split("\n");

describe("what the program says about itself", () => {
  test("completion in bash offers files and directories where they are meant", async () => {
    const directory = tempDir();
    writeFileSync(join(directory, "a log.jsonl"), "");
    mkdirSync(join(directory, "data"));
    for (const [words, offered] of [
      [["import", ""], ["a log.jsonl", "data"]],
      [["export", "a"], ["a log.jsonl"]],
      [["backup", ""], ["data"]],
      [["info", "--data", ""], ["data"]],
      [["serve", "--config", "a"], ["a log.jsonl"]],
      [["import", "--new"], ["--new-epoch"]],
      // As readline cuts --output=j.
      [["tail", "--output", "="], ["json", "raw", "text"]],
      [["tail", "--output", "=", "j"], ["json"]],
      [["info", "--data", "=", "d"], ["data"]],
    ]) {
      const script = `source "$0"; COMP_WORDS=(tidemark "$@"); COMP_CWORD=$#; _tidemark; printf '%s\\n' "\${COMPREPLY[@]}"`;
      const child = spawn("bash", ["-c", script, join(repositoryRoot, "config/completions/tidemark.bash"), ...words], { cwd: directory });
      const said = (await child.stdout.setEncoding("utf8").toArray()).join("");
      assert.deepEqual(lines(said).sort(), offered, words.join(" "));
    }
  });

  test("help knows every word that completion offers", async () => {
    for (const [word, said] of [["config", /^Usage: tidemark config default\n/], ["version", /^Usage: tidemark version\n/], ["help", /\nCommands:\n/]]) {
      const { code, stdout, stderr } = await run(["help", word]);
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, said);
    }
    assert.match((await run(["config", "--help"])).stdout, /^Usage: tidemark config default\n/);
  });

  test("--help names every option of serve and exits with 0", async () => {
    const { code, stdout } = await run(["serve", "--help"]);
    assert.equal(code, 0);
    for (const name of [
      "backend", "data", "host", "port", "channel", "event", "relay", "cors-origin", "ping-interval", "ping-timeout",
      "max-payload", "connect-timeout", "recovery-window", "io-threads", "config",
    ]) {
      assert.match(stdout, new RegExp(`--${name}\\b`));
    }
    assert.equal((await run(["--help"])).code, 0);
  });

  test("--version prints one line with a number and exits with 0", async () => {
    const { code, stdout } = await run(["--version"]);
    assert.equal(code, 0);
    assert.match(lines(stdout)[0], /\d+\.\d+\.\d+/);
  });
});

describe("a mistake in the arguments ends with code 2 and one line that names it", () => {
  for (const [what, args, named] of [
    ["an unknown command", ["swim"], /swim/],
    ["an unknown option", ["serve", "--prot", "3000"], /--prot/],
    ["a port that is no number", ["serve", "--port", "banana"], /port/],
    ["a port out of range", ["serve", "--port", "70000"], /port/],
    ["an option without its value", ["serve", "--port"], /port/],
    ["an unknown engine", ["serve", "--backend", "floppy"], /backend|floppy/],
    ["a negative time", ["serve", "--ping-interval", "-5"], /ping-interval/],
    ["a channel that is no namespace", ["serve", "--channel", "chat"], /channel/],
    ["a reserved event", ["serve", "--event", "disconnect"], /disconnect/],
    ["a stray word", ["serve", "hello"], /hello/],
  ]) {
    test(what, async () => {
      const { code, stdout, stderr } = await run(args);
      assert.equal(code, 2);
      assert.equal(lines(stderr).length, 1, stderr);
      assert.match(stderr, named);
      assert.equal(stdout, "");
    });
  }
});

describe("a server that cannot start ends with code 1 and says why", () => {
  const cannotStart = async (args, named) => {
    const { code, stderr } = await run(["serve", ...(args.includes("--port") ? [] : ["--port", "0"]), ...args]);
    assert.equal(code, 1, stderr);
    assert.match(stderr, named);
    return stderr;
  };

  test("a port that is in use", async (t) => {
    const server = await serve(t);
    await cannotStart(["--port", String(server.port), "--data", tempDir()], new RegExp(String(server.port)));
    assert.equal((await request(server.url, "/healthz")).status, 200);
  });

  test("a port that is in use, and leaves no data directory behind", async (t) => {
    const server = await serve(t);
    const data = join(tempDir(), "new");
    await cannotStart(["--port", String(server.port), "--data", data], /^tidemark: port \d+ on localhost is in use/);
    assert.ok(!existsSync(data));
  });

  test("a port and a data directory that one server has: the directory is named, with the server", { skip: backend === "memory" }, async (t) => {
    const server = await serve(t);
    await cannotStart(
      ["--port", String(server.port), "--data", server.data],
      new RegExp(`data directory ${server.data} is in use by process ${server.pid} at ${server.url}`),
    );
  });

  test("no data directory that is given back in a moment, as a killed server's is", { skip: backend === "memory" }, async (t) => {
    const server = await serve(t);
    await server.kill9();
    // Its server seems to be there still: the lock is held.
    const holder = spawn("flock", ["-F", "-x", server.data, "cat"]);
    t.after(() => holder.kill());
    holder.stdin.write("held\n");
    await once(holder.stdout, "data");
    const looked = await run(["info", "--data", server.data]);
    assert.equal(looked.code, 1);
    const command = new Command(t, ["serve", "--port", String(server.port), "--data", server.data]);
    await command.says(/event=waiting for="the data directory"/);
    holder.stdin.end();
    await command.says(/event=serving/);
  });

  test("nor looks into, without saying so, one whose server does not answer yet", { skip: backend === "memory" }, async (t) => {
    const server = await serve(t);
    await server.stop();
    const holder = spawn("flock", ["-F", "-x", server.data, "cat"]);
    t.after(() => holder.kill());
    holder.stdin.write("held\n");
    await once(holder.stdout, "data");
    writeFileSync(join(server.data, "lock"), `process ${holder.pid}\n`); // as a server has it before it listens
    for (const args of [["info"], ["channels"], ["tail"], ["append", "/a", "text"]]) {
      const { code, stderr } = await run([...args, "--data", server.data]);
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`is in use by process ${holder.pid}, a server that is starting and does not answer yet, or a command; try again`));
    }
  });

  test("a data directory that is a file", async () => {
    const file = join(tempDir(), "file");
    writeFileSync(file, "precious");
    await cannotStart(["--data", file], /file/);
    assert.equal(readFileSync(file, "utf8"), "precious");
  });

  test("a data directory below a file", async () => {
    const file = join(tempDir(), "file");
    writeFileSync(file, "precious");
    await cannotStart(["--data", join(file, "data")], /file/);
  });

  test("a data directory that another server uses, which goes on", { skip: backend === "memory" }, async (t) => {
    const server = await serve(t);
    const client = await Client.open(t, server.url, newChannel());
    await cannotStart(["--backend", backend, "--data", server.data], new RegExp(`${server.data}|${server.pid}`));
    await client.publish("still here");
    assert.deepEqual(client.disconnects, []);
  });

  test("a killed server's data directory is free again", { skip: backend === "memory" }, async (t) => {
    const server = await serve(t);
    await server.kill9();
    const next = await serve(t, [], { data: server.data });
    assert.equal((await request(next.url, "/readyz")).status, 200);
  });

  test("a database that is none of ours is left untouched", async () => {
    for (const content of ["This is a shopping list.\n".repeat(500), Buffer.alloc(8192, 0xff)]) {
      const data = tempDir();
      const file = join(data, "tidemark.sqlite3");
      writeFileSync(file, content);
      await cannotStart(["--backend", "sqlite", "--data", data], /tidemark\.sqlite3/);
      assert.ok(readFileSync(file).equals(Buffer.from(content)));
    }
  });

  test("a configuration file that is not there, or wrong", async () => {
    const directory = tempDir();
    const start = (file) => run(["serve", "--port", "0", "--data", tempDir(), "--config", file]);
    const missing = await start(join(directory, "nowhere.toml"));
    assert.notEqual(missing.code, 0);
    assert.match(missing.stderr, /nowhere\.toml/);
    for (const [name, text, named] of [
      ["unknown-key", "prot = 3000\n", /prot/],
      ["wrong-value", 'ping-timeout = "banana"\n', /ping-timeout/],
      ["no-toml", "port = = 3\n", /no-toml\.toml/],
    ]) {
      const file = join(directory, `${name}.toml`);
      writeFileSync(file, text);
      const { code, stderr } = await start(file);
      assert.notEqual(code, 0);
      assert.match(stderr, named);
    }
  });
});

describe("options", () => {
  test("--port 0 takes a free port and says which", async (t) => {
    const { url, port } = await serveAsTold(t, ["--port", "0", "--data", tempDir()]);
    assert.ok(port > 0);
    assert.equal((await request(url, "/healthz")).status, 200);
  });

  test("come from the environment", async (t) => {
    const port = await freePort();
    const env = { TIDEMARK_PORT: String(port), TIDEMARK_DATA: tempDir(), TIDEMARK_PING_INTERVAL: "12345" };
    const started = await serveAsTold(t, [], env);
    assert.equal(started.port, port);
    assert.equal((await RawPolling.open(t, started.url)).handshake.pingInterval, 12345);
  });

  test("come from a file; the environment wins over it, and flags over both", async (t) => {
    const [inFile, inEnv, inFlag] = [await freePort(), await freePort(), await freePort()];
    const file = join(tempDir(), "tidemark.toml");
    writeFileSync(
      file,
      `port = ${inFile}\nping-interval = 11111\nping-timeout = 22222\nchannel = ["/only/*"]\nevent = ["note"]\n`,
    );
    const start = (args, env) => serveAsTold(t, ["--config", file, "--data", tempDir(), ...args], env);
    const fromFile = await start([], {});
    assert.equal(fromFile.port, inFile);
    const fromEnv = await start([], { TIDEMARK_PORT: String(inEnv), TIDEMARK_PING_TIMEOUT: "33333" });
    assert.equal(fromEnv.port, inEnv);
    const fromFlag = await start(["--port", String(inFlag)], { TIDEMARK_PORT: String(inEnv) });
    assert.equal(fromFlag.port, inFlag);
    const { handshake } = await RawPolling.open(t, fromEnv.url);
    assert.equal(handshake.pingInterval, 11111);
    assert.equal(handshake.pingTimeout, 33333);
    const raw = await RawWebSocket.open(t, fromFile.url);
    assert.equal((await raw.connect("/only/this")).type, 0);
    assert.equal((await raw.connect("/")).type, 4);
  });

  test("--channel and --event may be given several times and replace the defaults", async (t) => {
    const server = await serve(t, [
      ...["--channel", "/rooms/*", "--channel", "/lobby"],
      ...["--event", "note", "--event", "picture"],
    ]);
    const raw = await RawWebSocket.open(t, server.url);
    for (const [channel, type] of [["/rooms/1", 0], ["/rooms/1/2", 0], ["/lobby", 0], ["/", 4], ["/rooms/", 4]]) {
      assert.equal((await raw.connect(channel)).type, type, channel);
    }
    const client = await Client.open(t, server.url, "/lobby");
    for (const event of ["note", "picture"]) {
      assert.ok((await client.socket.emitWithAck(event, "x")).offset > 0);
    }
    assert.ok((await client.socket.emitWithAck("chat message", "x")).error);
    await waitFor(() => client.received.length >= 2, { what: "both events" });
    assert.deepEqual(client.received.map(({ event }) => event), ["note", "picture"]);
  });

  test("--io-threads: clients of different threads chat with each other", async (t) => {
    const server = await serve(t, ["--io-threads", "4"]);
    const channel = newChannel();
    const clients = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        Client.open(t, server.url, channel, { transports: i % 2 ? ["websocket"] : ["polling", "websocket"] }),
      ),
    );
    await Promise.all(clients.map((client, i) => client.publishAll(numbered(`client ${i}`, 5))));
    for (const client of clients) {
      await client.receives(80);
      assert.deepEqual(client.offsets(), clients[0].offsets());
      assert.deepEqual(client.payloads(), clients[0].payloads());
    }
  });

  test("--backend memory forgets everything at the end and needs no directory", async (t) => {
    const data = join(tempDir(), "never-made");
    const { url } = await serveAsTold(t, ["--backend", "memory", "--port", "0", "--data", data]);
    const client = await Client.open(t, url, newChannel());
    assert.ok((await client.publish("x")).offset > 0);
    assert.throws(() => readFileSync(join(data, "tidemark.sqlite3")), { code: "ENOENT" });
  });
});

describe("SIGTERM", () => {
  test("ends with code 0 within its bound, also with clients connected and polls held", async (t) => {
    const server = await serve(t);
    const client = await Client.open(t, server.url, newChannel(), { reconnection: false });
    const polling = await RawPolling.open(t, server.url);
    await polling.connect("/");
    const held = polling.get().catch(() => {});
    await client.publish("x");
    assert.deepEqual(await server.stop(), { code: 0, signal: null });
    await held;
    await waitFor(() => client.disconnects.length === 1, { what: "the client to be told" });
  });

  test("under load keeps everything that was acknowledged", { skip: backend === "memory" }, async (t) => {
    const server = await serve(t);
    const channel = newChannel();
    const acknowledged = new Map();
    const publishers = await Promise.all(
      [0, 1, 2].map(() => Client.open(t, server.url, channel, { reconnection: false })),
    );
    publishers.forEach(({ socket }, p) => {
      for (let i = 0; i < 2000; i++) {
        const payload = `${p} ${i}`;
        socket.emit("chat message", payload, ({ offset }) => acknowledged.set(offset, payload));
      }
    });
    await waitFor(() => acknowledged.size > 100, { what: "100 acks" });
    assert.equal((await server.stop()).code, 0);
    await waitFor(() => publishers.every(({ disconnects }) => disconnects.length === 1), { what: "all to be told" });
    await server.start();
    const reader = await Client.open(t, server.url, channel);
    const { offset: last } = await reader.publish("last");
    await waitFor(() => reader.offsets().at(-1) === last, { what: "the end of the log" });
    const log = new Map(reader.messages().map(({ offset, payload }) => [offset, payload]));
    const lost = [...acknowledged].filter(([offset, payload]) => log.get(offset) !== payload);
    assert.deepEqual(lost, [], "acknowledged and not in the log");
  });
});

describe("a second signal while the server ends", { skip: backend === "memory" }, () => {
  for (const second of ["SIGTERM", "SIGINT"]) {
    test(`${second}: it ends at once, says so, and nothing that was acknowledged is lost`, async (t) => {
      const server = await serve(t);
      const channel = newChannel();
      const publisher = await Client.open(t, server.url, channel, { reconnection: false });
      const acknowledged = await publisher.publishAll(numbered("kept", 200));
      // One that does not take part in the closing handshake: the server waits for it.
      const silent = await RawWebSocket.open(t, server.url);
      await silent.connect("/");
      silent.ws.pause();
      process.kill(server.pid, "SIGTERM");
      await waitFor(() => /event=stopping /.test(server.stderr), { what: "the first signal to be heard" });
      await waitFor(() => publisher.disconnects.length === 1, { what: "the publisher to be told" });
      process.kill(server.pid, second);
      assert.deepEqual(await server.exited, { code: null, signal: second });
      await waitFor(() => /^tidemark: stopping at once: .*nothing that was acknowledged is lost \(with --backend memory everything is\)$/m.test(server.stderr), {
        what: "the line about it",
      });

      await server.start();
      const reader = await Client.open(t, server.url, channel);
      await reader.receives(acknowledged.length);
      assert.deepEqual(reader.offsets(), acknowledged.map(({ offset }) => offset));
    });
  }
});

test("the start says whether the log is a new one or one that was there", { skip: backend === "memory" }, async (t) => {
  const data = join(tempDir(), "mistyped");
  const server = await serve(t, [], { data });
  assert.match(server.stderr, new RegExp(`event=serving .*log="created a new log in ${data}"`));
  const client = await Client.open(t, server.url, "/");
  await client.publish("one");
  await server.restart();
  assert.match(server.stderr, /event=serving .*log="opened: 1 record, head 1"/);
});

test("a start that is slow says what it does", { skip: backend === "memory" }, async (t) => {
  const server = await serve(t);
  await server.stop();
  // A disk that does not answer: whoever opens a pipe waits for its other end.
  const file = join(server.data, "tidemark.holes");
  assert.equal(spawnSync("mkfifo", [file]).status, 0);
  const start = new Command(t, ["serve", "--backend", backend, "--data", server.data, "--port", "0"]);
  await start.says(new RegExp(`event=opening data=${server.data} engine=${backend} doing="the engine opens its files .*"`));
  assert.doesNotMatch(start.stderr, /event=serving/);
  writeFileSync(file, "");
  await start.says(/event=serving/);
  assert.equal(start.stderr.match(/event=opening .* doing="the newest records/g)?.length, 1);
  assert.equal((await start.interrupt()).code, 0);
});

test("the engine is that of the log which is there, unless somebody said another one", async (t) => {
  const data = join(tempDir(), "data");
  await (await serve(t, ["--backend", "rocksdb"], { data })).stop();
  const server = await serveAsTold(t, ["--port", "0", "--data", data]);
  assert.match(server.said(), /event=serving .*log="opened: 0 records, head 0; its engine is rocksdb, as no --backend says another" engine=rocksdb /);
  server.child.kill("SIGTERM");
  await waitFor(() => server.child.exitCode !== null, { what: "the server to end" });

  const file = join(tempDir(), "tidemark.toml");
  writeFileSync(file, 'backend = "sqlite"\n');
  for (const [args, env] of [[["--backend", "sqlite"], {}], [[], { TIDEMARK_BACKEND: "sqlite" }], [["--config", file], {}]]) {
    const { code, stderr } = await run(["serve", "--port", "0", "--data", data, ...args], env);
    assert.equal(code, 1);
    assert.match(stderr, /holds a log of the engine rocksdb \(.*\); start with --backend rocksdb/);
  }
  const said = await serveAsTold(t, ["--port", "0", "--data", data, "--backend", "rocksdb"]);
  assert.match(said.said(), /log="opened: 0 records, head 0" engine=rocksdb /);
});

test("a data directory is made if it is missing, and only its owner may look into it", { skip: backend === "memory" }, async (t) => {
  const data = join(tempDir(), "made", "here");
  mkdirSync(join(data, ".."));
  const server = await serve(t, [], { data });
  assert.equal((await request(server.url, "/readyz")).status, 200);
  assert.equal(statSync(data).mode & 0o077, 0);
});
