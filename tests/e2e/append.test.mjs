// `tidemark append`: the same input has the same outcome wherever the log is, and nothing is stored twice.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import { describe, test } from "node:test";
import { Command, run } from "./commands.mjs";
import { freePort, newChannel, serve, smallDisk, tempDir, waitFor } from "./support.mjs";

/** A server's data directory without a server. */
async function newLog() {
  const data = tempDir();
  await (await serve(undefined, [], { data })).stop();
  return data;
}
const storedIn = async (...where) =>
  (await run(["tail", "--from", "earliest", "--format", "{payload}", ...where])).stdout.trim().split("\n").filter(Boolean);

/** What is said of a channel that is new in a directory; a server has a list of its own. */
const news = ([where], channel) => (where === "--data" ? `tidemark: new channel ${channel}\n` : "");

describe("append refuses, in a directory and by a server alike,", () => {
  for (const [what, key] of [
    ["a key that begins with a blank", " a"],
    ["a key that ends with a blank", "a "],
    ["a key with a control character", "a\u0001b"],
    ["a key with a DEL", "a\u007f"],
  ]) {
    test(what, async (t) => {
      const server = await serve(t);
      const data = await newLog();
      for (const where of [["--url", server.url], ["--data", data]]) {
        const { code, stdout, stderr } = await run(["append", "/chat/a", "--keyed", ...where], { input: `a\tone\n${key}\ttwo\n` });
        assert.equal(code, 2, stderr);
        assert.equal(stdout, "1\n");
        assert.equal(stderr, `${news(where, "/chat/a")}tidemark: line 2 has a key that begins or ends with a blank, or has control characters\n`);
        assert.deepEqual(await storedIn(...where), ['"one"']);
      }
    });
  }

  test("a channel name with control characters, and so does import", async (t) => {
    const server = await serve(t);
    const data = await newLog();
    for (const where of [["--url", server.url], ["--data", data]]) {
      const { code, stderr } = await run(["append", "/a\u001b[2Jb", "text", ...where]);
      assert.equal(code, 2);
      assert.match(stderr, /^tidemark: this is not a channel's name: .* no control characters .*\n$/);
      assert.deepEqual(await storedIn(...where), []);
    }
    await run(["append", "/a", "text", "--data", data]);
    const text = (await run(["export", "--data", data])).stdout.replace('"channel":"/a"', '"channel":"/a\\u001b[2Jb"');
    const { code, stderr } = await run(["import", "--data", `${data}-2`], { input: text });
    assert.equal(code, 1);
    assert.match(stderr, /standard input:2: its "channel" is not a channel's name/);
  });
});

/**
 * A server that takes records, one a request or many, and gives each the offset of its place. `answer(payloads)` may say what
 * becomes of a request: nothing (all are stored), "cut" (it is not answered), "cut inside" (half of the answer comes), "wait" (no answer comes), a number
 * (so many are stored, the next is refused).
 */
async function taking(t, answer) {
  const requests = [];
  let head = 0;
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      const many = request.headers["content-type"] === "application/x-ndjson";
      const payloads = many ? body.trimEnd().split("\n").map((line) => JSON.parse(line).payload) : [JSON.parse(body)];
      requests.push(payloads);
      const how = answer(payloads);
      if (how === "cut") return request.socket.destroy();
      if (how === "wait") return;
      const taken = typeof how === "number" ? how : payloads.length;
      const lines = payloads.slice(0, taken).map(() => JSON.stringify({ offset: ++head, duplicate: false }));
      if (how === "cut inside") {
        const text = `${lines.join("\n")}\n`;
        head -= taken;
        response.writeHead(many ? 200 : 201, { "content-length": text.length });
        return response.write(text.slice(0, text.length / 2), () => request.socket.destroy());
      }
      if (how !== undefined) lines.push(JSON.stringify({ error: { code: "not_stored", message: "the disk is full" } }));
      response.writeHead(many ? 200 : 201, { "content-type": many ? "application/x-ndjson" : "application/json" });
      response.end(`${lines.join("\n")}\n`);
    });
  });
  await new Promise((resolve) => server.listen(0, "localhost", resolve));
  t.after(() => (server.close(), server.closeAllConnections()));
  return { server, requests, url: `http://localhost:${server.address().port}` };
}

describe("a connection that breaks", () => {
  /** Types lines: each is answered before the next is written. */
  async function typed(t, args, lines) {
    const command = new Command(t, args, { stdin: "pipe" });
    command.child.stdin.on("error", () => {});
    for (const [i, line] of lines.entries()) {
      command.child.stdin.write(`${line}\n`);
      if (i < lines.length - 1) await command.prints(i + 1);
    }
    command.child.stdin.end();
    return command.ended();
  }

  test("leaves a record without a key at what it is: not sent again, and said", async (t) => {
    const { requests, url } = await taking(t, ([payload]) => (payload === "two" ? "cut" : undefined));
    const { code, stdout, stderr } = await typed(t, ["append", "/a", "--url", url], ["one", "two"]);
    assert.deepEqual(requests, [["one"], ["two"]]);
    assert.equal(stdout, "1\n");
    assert.equal(code, 1);
    assert.match(stderr, /^tidemark: line 2 may be stored or not \(with a key it could be sent again\): the connection broke: .*; line 1 is stored, none behind line 2 is\n$/);
  });

  for (const how of ["cut", "cut inside"]) test(`leaves many without keys at what they are, and says which (${how})`, async (t) => {
    const { requests, url } = await taking(t, ([payload]) => (payload === "1001" ? how : undefined));
    const input = Array.from({ length: 2100 }, (_, i) => `${i + 1}\n`).join("");
    const { code, stdout, stderr } = await run(["append", "/a", "--url", url], { input });
    assert.deepEqual(requests.map((one) => [one.at(0), one.at(-1)]), [["1", "1000"], ["1001", "2000"]]);
    assert.equal(stdout.split("\n").length - 1, 1000);
    assert.equal(code, 1);
    assert.match(stderr, /^tidemark: lines 1001 to 2000 may be stored or not \(with keys they could be sent again\): the connection broke: .*; lines 1 to 1000 are stored, none behind line 2000 is\n$/);
  });

  test("and cannot be made again says up to which line all is stored", async (t) => {
    const { server, url } = await taking(t, () => {});
    const command = new Command(t, ["append", "/a", "--url", url], { stdin: "pipe" });
    command.child.stdin.write("one\n");
    await command.prints(1);
    command.child.stdin.write("two\n");
    await command.prints(2);
    server.close();
    server.closeAllConnections();
    command.child.stdin.end("three\nfour\n");
    const { code, stderr } = await command.ended();
    assert.equal(code, 1);
    assert.match(stderr, /^tidemark: cannot reach .*: Connection refused; lines 1 to 2 are stored, none behind line 2 is\n$/);
  });

  test("before anything was stored, to a server that was never there, is not waited for", async () => {
    const url = `http://localhost:${await freePort()}`;
    const { code, stderr } = await run(["append", "/a", "--key", "k", "--url", url], { input: "one\n" });
    assert.equal(code, 1);
    assert.match(stderr, /^tidemark: cannot reach .*: Connection refused; no line is stored\n$/);
  });

  for (const how of ["cut", "cut inside"]) test(`has records with keys sent again, in their order (${how})`, async (t) => {
    let cuts = 1;
    const { requests, url } = await taking(t, ([payload]) => (payload === "1001" && cuts-- > 0 ? how : undefined));
    const input = Array.from({ length: 1500 }, (_, i) => `${i + 1}\n`).join("");
    const { code, stdout, stderr } = await run(["append", "/a", "--key", "k", "--url", url], { input });
    assert.equal(code, 0, stderr);
    assert.deepEqual(requests.map((one) => [one.at(0), one.at(-1)]), [["1", "1000"], ["1001", "1500"], ["1001", "1500"]]);
    assert.equal(stdout, Array.from({ length: 1500 }, (_, i) => `${i + 1}\n`).join(""));
  });

  test("between two records is opened anew", async (t) => {
    const { server, requests, url } = await taking(t, () => {});
    const command = new Command(t, ["append", "/a", "--url", url], { stdin: "pipe" });
    command.child.stdin.write("one\n");
    await command.prints(1);
    server.closeIdleConnections();
    await waitFor(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count === 0))), { what: "no connection" });
    command.child.stdin.end("two\n");
    assert.equal((await command.ended()).code, 0, command.stderr);
    assert.deepEqual(requests, [["one"], ["two"]]);
  });
});

describe("who interrupts it is told what is stored and what is in doubt", () => {
  const input = Array.from({ length: 2100 }, (_, i) => `${i + 1}\n`).join("");
  for (const [what, waits, args, stored, said] of [
    ["of many lines", "1001", [], 1000, "lines 1 to 1000 are stored, lines 1001 to 2000 may be or not, none behind is"],
    ["of many lines, in the first request", "1", [], 0, "no line is stored, lines 1 to 1000 may be or not, none behind is"],
    ["of lines with keys, too", "2001", ["--key", "k"], 2000, "lines 1 to 2000 are stored, lines 2001 to 2100 may be or not, none behind is"],
    ["of a word", "word", ["word"], 0, "the record may be stored or not"],
  ]) {
    test(what, async (t) => {
      const { requests, url } = await taking(t, ([payload]) => (payload === waits ? "wait" : undefined));
      const command = new Command(t, ["append", "/a", "--url", url, ...args], { stdin: "pipe" });
      command.child.stdin.on("error", () => {});
      command.child.stdin.end(input);
      await waitFor(() => requests.at(-1)?.[0] === waits, { what: "the request" });
      await command.prints(stored);
      const { code, stdout, stderr } = await command.interrupt();
      assert.equal(code, 130);
      assert.equal(stdout.split("\n").length - 1, stored);
      assert.equal(stderr, `tidemark: interrupted; ${said}\n`);
    });
  }
});

describe("a server that restarts", () => {
  for (const how of ["is killed", "ends"]) for (const by of ["--url", "--data"]) {
    test(`is waited for by lines with keys (it ${how}, ${by})`, async (t) => {
      const server = await serve(t);
      const command = new Command(t, ["append", "/chat/a", "--keyed", by, by === "--url" ? server.url : server.data], { stdin: "pipe" });
      command.child.stdin.write("k1\tone\n");
      await command.prints(1);
      await (how === "ends" ? server.stop() : server.kill9());
      command.child.stdin.write("k2\ttwo\n");
      await command.says(by === "--url" ? /^tidemark: waiting for a server: cannot reach .*: Connection refused\n$/ : /^tidemark: waiting for a server: no server uses .*\n$/);
      command.child.stdin.end("k3\tthree\n");
      await server.restart();
      const { code, stdout, stderr } = await command.ended();
      assert.equal(code, 0, stderr);
      assert.equal(stdout, "1\n2\n3\n");
      assert.match(stderr, /^tidemark: waiting for a server: .*\ntidemark: .* takes records again\n$/);
      assert.deepEqual(await storedIn("--url", server.url), ['"one"', '"two"', '"three"']);
    });
  }

  test("is waited for until somebody interrupts it", async (t) => {
    const server = await serve(t);
    const command = new Command(t, ["append", "/chat/a", "--key", "k", "--url", server.url], { stdin: "pipe" });
    command.child.stdin.write("one\n");
    await command.prints(1);
    await server.kill9();
    command.child.stdin.end("two\n");
    await command.says(/waiting for a server/);
    assert.equal((await command.interrupt()).code, 130);
  });
});

describe("another log that answers where the first records went", () => {
  const epochOf = async ({ url }) => (await (await fetch(`${url}/api/v1/info`)).json()).epoch;
  /** Three lines are stored by a server, which is killed then. */
  async function begun(t, by, keyed) {
    const server = await serve(t);
    const epoch = await epochOf(server);
    const command = new Command(t, ["append", "/chat/a", "-", ...(keyed ? ["--keyed"] : []), by, by === "--url" ? server.url : server.data], { stdin: "pipe" });
    const line = (number) => `${keyed ? `k${number}\t` : ""}${number}\n`;
    const lines = (...numbers) => numbers.map(line).join("");
    command.child.stdin.write(lines(1, 2, 3));
    await command.prints(3);
    await server.kill9();
    return { server, epoch, command, lines };
  }

  for (const by of ["--data", "--url"]) for (const keyed of [true, false]) {
    test(`takes none of the rest (${by === "--data" ? "in the same directory" : by}${keyed ? ", with keys" : ""})`, async (t) => {
      const { server, epoch, command, lines } = await begun(t, by, keyed);
      if (by === "--data") rmSync(server.data, { recursive: true });
      const other = await serve(t, [], { port: server.port, data: by === "--data" ? server.data : undefined });
      command.child.stdin.end(lines(4, 5, 6));
      const { code, stdout, stderr } = await command.ended();
      assert.equal(code, 1, stderr);
      assert.equal(stdout, "1\n2\n3\n");
      assert.match(stderr, new RegExp(`^tidemark: another log answers at ${server.url} now and took none of it; in the one before, ${epoch}, lines 1 to 3 are stored${keyed ? ", lines? 4( to [56])? may be" : ""}\\n$`));
      assert.deepEqual(await storedIn("--url", other.url), []);
    });
  }

  test("of another directory is not even asked, and the directory's server is waited for with keys", async (t) => {
    const { server, command, lines } = await begun(t, "--data", true);
    const other = await serve(t, [], { port: server.port });
    command.child.stdin.end(lines(4, 5, 6));
    await command.says(new RegExp(`^tidemark: waiting for a server: no server uses ${server.data}\\n$`));
    assert.equal((await command.interrupt()).code, 130);
    assert.deepEqual(await storedIn("--url", other.url), []);
  });

  test("of another directory is not even asked, and without keys that ends it", async (t) => {
    const { server, command, lines } = await begun(t, "--data", false);
    const other = await serve(t, [], { port: server.port });
    command.child.stdin.end(lines(4, 5, 6));
    const { code, stdout, stderr } = await command.ended();
    assert.deepEqual([code, stdout], [1, "1\n2\n3\n"]);
    assert.equal(stderr, `tidemark: no server uses ${server.data}; lines 1 to 3 are stored, none behind line 3 is\n`);
    assert.deepEqual(await storedIn("--url", other.url), []);
  });

  for (const keyed of [true, false]) {
    test(`is left alone for the server that the directory has now${keyed ? " (with keys)" : ""}`, async (t) => {
      const { server, command, lines } = await begun(t, "--data", keyed);
      const other = await serve(t, [], { port: server.port });
      const moved = await serve(t, [], { data: server.data });
      command.child.stdin.end(lines(4, 5, 6));
      const { code, stdout, stderr } = await command.ended();
      assert.deepEqual([code, stdout], [0, "1\n2\n3\n4\n5\n6\n"], stderr);
      assert.deepEqual(await storedIn("--url", moved.url), ['"1"', '"2"', '"3"', '"4"', '"5"', '"6"']);
      assert.deepEqual(await storedIn("--url", other.url), []);
    });
  }

  test("is known by an answer of which only the beginning came", async (t) => {
    const asked = [];
    const broken = http.createServer((request, response) => {
      request.resume().on("end", () => {
        asked.push(request.headers["tidemark-epoch"]);
        if (asked.length > 1) return response.writeHead(412).end(JSON.stringify({ error: { code: "another_log", message: "this is another one" } }));
        response.writeHead(201, { "content-length": 99, "tidemark-epoch": "3f9c2a7be01d4c58" });
        response.write("{", () => request.socket.destroy());
      });
    });
    await new Promise((resolve) => broken.listen(0, "localhost", resolve));
    t.after(() => (broken.close(), broken.closeAllConnections()));
    const url = `http://localhost:${broken.address().port}`;
    const { code, stderr } = await run(["append", "/a", "--key", "k", "--url", url], { input: "one\n" });
    assert.deepEqual(asked, [undefined, "3f9c2a7be01d4c58"]);
    assert.equal(code, 1);
    assert.match(stderr, /\ntidemark: another log answers at http:\S+ now and took none of it; in the one before, 3f9c2a7be01d4c58, no line is stored, line 1 may be\n$/);
  });
});

describe("many lines from a pipe", () => {
  const count = 3000;
  const lines = Array.from({ length: count }, (_, i) => `line ${i + 1}`);
  const input = lines.map((line) => `${line}\n`).join("");
  const offsets = Array.from({ length: count }, (_, i) => `${i + 1}\n`).join("");

  test("take few commits of a server, are stored in their order and told in it; with keys, again, none is stored twice", async (t) => {
    const server = await serve(t);
    const append = () => run(["append", "/chat/a", "--key", "k", "--url", server.url], { input });
    const first = await append();
    assert.deepEqual([first.code, first.stderr], [0, ""]);
    assert.equal(first.stdout, offsets);
    assert.deepEqual(await storedIn("--url", server.url), lines.map((line) => JSON.stringify(line)));
    const { since_start: done } = await (await fetch(`${server.url}/api/v1/info`)).json();
    assert.ok(done.commits <= 300, `${done.commits} commits`);
    assert.equal((await append()).stdout, offsets.replaceAll("\n", " duplicate\n"));
  });

  test("stop at the first that is refused, and it is named", async (t) => {
    const { requests, url } = await taking(t, ([payload]) => (payload === "line 1001" ? 17 : undefined));
    const { code, stdout, stderr } = await run(["append", "/a", "--url", url], { input });
    assert.equal(requests.length, 2);
    assert.equal(stdout, offsets.split("\n").slice(0, 1017).join("\n") + "\n");
    assert.equal(code, 1);
    assert.equal(stderr, `tidemark: line 1018: ${url} answers: the disk is full\n`);
  });

  test("that a server takes only so many of a second wait for it", async (t) => {
    const server = await serve(t, ["--publish-rate", "20"]);
    const { code, stdout, stderr } = await run(["append", "/chat/a", "--url", server.url], { input: lines.slice(0, 50).join("\n") });
    assert.deepEqual([code, stderr], [0, ""]);
    assert.equal(stdout.split("\n").length - 1, 50);
    assert.deepEqual(await storedIn("--url", server.url), lines.slice(0, 50).map((line) => JSON.stringify(line)));
  });

  test("go in smaller parts to a server that takes no request as large", async (t) => {
    const server = await serve(t, ["--max-payload", "1000"]);
    const long = lines.slice(0, 30).map((line) => `${line} ${"x".repeat(300)}`);
    const { code, stdout, stderr } = await run(["append", "/chat/a", "--url", server.url], { input: [...long, "y".repeat(1001), "z"].join("\n") });
    assert.equal(stdout.split("\n").length - 1, 30);
    assert.deepEqual(await storedIn("--url", server.url), long.map((line) => JSON.stringify(line)));
    assert.equal(code, 2);
    assert.equal(stderr, `tidemark: line 31, of 1003 bytes as JSON, is too long: ${server.url} takes no record as large as this, 1000 bytes at most (its --max-payload)\n`);
  });
});

test("a line that is typed is stored at once, in a directory and by a server alike", async (t) => {
  const server = await serve(t);
  const data = await newLog();
  for (const where of [["--url", server.url], ["--data", data]]) {
    const command = new Command(t, ["append", "/chat/a", "-", ...where], { stdin: "pipe" });
    // The next one is begun already.
    for (const count of [1, 2, 3]) {
      command.child.stdin.write(`line ${count}\nthe beginning of `);
      assert.equal((await command.prints(count)).at(-1), String(count));
    }
    command.child.stdin.end();
    assert.equal((await command.ended()).code, 0);
  }
});

test("a line that ends as those of Windows do is its text, without the carriage return", async (t) => {
  const server = await serve(t);
  const data = await newLog();
  for (const where of [["--url", server.url], ["--data", data]]) {
    assert.equal((await run(["append", "/chat/a", ...where], { input: "one\r\ntwo\r\r\nthree\r" })).code, 0);
    assert.deepEqual(await storedIn(...where), ['"one"', '"two\\r"', '"three"']);
  }
});

test("a record that is too large for the server is told as that, in the server's terms", async (t) => {
  const server = await serve(t, ["--max-payload", "65536"]);
  const { code, stderr } = await run(["append", newChannel(), "--url", server.url], { input: `${"x".repeat(100_000)}\n` });
  assert.equal(code, 2);
  assert.equal(stderr, `tidemark: line 1, of 100002 bytes as JSON, is too long: ${server.url} takes no record as large as this, 65536 bytes at most (its --max-payload)\n`);
});

test("a channel that is new in a directory is named, once", async () => {
  const data = await newLog();
  const append = (...args) => run(["append", "--data", data, ...args], { input: "one\ntwo\n" });
  assert.deepEqual(await append("/weird", "hello"), { code: 0, signal: null, stdout: "1\n", stderr: "tidemark: new channel /weird\n" });
  assert.equal((await append("/weird", "hello")).stderr, "");
  const typed = new Command(undefined, ["append", "--data", data, "/other"], { stdin: "pipe" });
  typed.child.stdin.write("one\n");
  await typed.prints(1);
  typed.child.stdin.end("two\n");
  assert.equal((await typed.ended()).stderr, "tidemark: new channel /other\n");
  assert.equal((await run(["trim", "--data", data, "--before", "4"])).code, 0);
  assert.equal((await append("/weird", "of which all was trimmed")).stderr, "");
  const { code, stdout, stderr } = await append("/nothing", "--json");
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /^tidemark: line 1 is no JSON .*\n$/, "no word of a channel that was not made");
});

test("a line that finds no room on the disk of a directory is named", async (t) => {
  const disk = smallDisk(t, 224);
  if (!disk) return;
  const data = join(disk.path, "data");
  await (await serve(undefined, [], { data })).stop();
  const command = new Command(t, ["append", "/a", "--data", data], { stdin: "pipe" });
  command.child.stdin.write("one\n");
  await command.prints(1);
  disk.fill(0);
  command.child.stdin.end("two\nthree\n");
  const { code, stdout, stderr } = await command.ended();
  assert.deepEqual([code, stdout], [1, "1\n"]);
  assert.match(stderr, /^tidemark: new channel \/a\ntidemark: line 2: the log in \S+ does not take records: .*(free|full|space).*\n$/);
});

test("a channel that the server does not have is named, with those it has, and no word about paths", async (t) => {
  const server = await serve(t);
  const { code, stderr } = await run(["append", "/nope", "text", "--url", server.url]);
  assert.equal(code, 1);
  assert.match(stderr, /^tidemark: \/nope is no channel of this server: http:\S+ answers: this server has the channels \/, .* \(--channel\)\n$/);
});

test("a refusal without words names the status, and calls nobody another server", async (t) => {
  const other = http.createServer((_, response) => response.writeHead(400).end("what?"));
  await new Promise((resolve) => other.listen(0, "localhost", resolve));
  t.after(() => other.close());
  const { code, stderr } = await run(["append", "/a", "text", "--url", `http://localhost:${other.address().port}`]);
  assert.equal(code, 2);
  assert.match(stderr, /answers 400 without a reason/);
  assert.doesNotMatch(stderr, /no Tidemark server/);
});
