// `tidemark append`: the same input has the same outcome wherever the log is, and nothing is stored twice.
import assert from "node:assert/strict";
import http from "node:http";
import { describe, test } from "node:test";
import { Command, run } from "./commands.mjs";
import { newChannel, serve, tempDir, waitFor } from "./support.mjs";

/** A server's data directory without a server. */
async function newLog() {
  const data = tempDir();
  await (await serve(undefined, [], { data })).stop();
  return data;
}
const storedIn = async (...where) =>
  (await run(["tail", "--from", "earliest", "--format", "{payload}", ...where])).stdout.trim().split("\n").filter(Boolean);

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
        assert.equal(stderr, "tidemark: line 2 has a key that begins or ends with a blank, or has control characters\n");
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

describe("a connection that breaks", () => {
  /** Takes records; `after(number, request, response)` true: it answers nothing. */
  async function taking(t, after) {
    const bodies = [];
    const server = http.createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        bodies.push(JSON.parse(body));
        if (after(bodies.length)) return request.socket.destroy();
        response.writeHead(201, { "content-type": "application/json" });
        response.end(JSON.stringify({ offset: bodies.length, duplicate: false }));
      });
    });
    await new Promise((resolve) => server.listen(0, "localhost", resolve));
    t.after(() => (server.close(), server.closeAllConnections()));
    return { server, bodies, url: `http://localhost:${server.address().port}` };
  }
  const input = "one\ntwo\nthree\n";

  test("leaves a record without a key at what it is: not sent again, and said", async (t) => {
    const { bodies, url } = await taking(t, (number) => number === 2);
    const { code, stdout, stderr } = await run(["append", "/a", "--url", url], { input });
    assert.deepEqual(bodies, ["one", "two"]);
    assert.equal(stdout, "1\n");
    assert.equal(code, 1);
    assert.match(stderr, /the last record may be stored or not \(with a key it could be sent again\)/);
  });

  test("has a record with a key sent again", async (t) => {
    const { bodies, url } = await taking(t, (number) => number === 2);
    const { code, stdout, stderr } = await run(["append", "/a", "--key", "k", "--url", url], { input });
    assert.equal(code, 0, stderr);
    assert.deepEqual(bodies, ["one", "two", "two", "three"]);
    assert.equal(stdout, "1\n3\n4\n");
  });

  test("between two records is opened anew", async (t) => {
    const { server, bodies, url } = await taking(t, () => false);
    const command = new Command(t, ["append", "/a", "--url", url], { stdin: "pipe" });
    command.child.stdin.write("one\n");
    await command.prints(1);
    server.closeIdleConnections();
    await waitFor(() => new Promise((resolve) => server.getConnections((_, count) => resolve(count === 0))), { what: "no connection" });
    command.child.stdin.end("two\n");
    assert.equal((await command.ended()).code, 0, command.stderr);
    assert.deepEqual(bodies, ["one", "two"]);
  });
});

test("a record that is too large for the server is told as that, in the server's terms", async (t) => {
  const server = await serve(t, ["--max-payload", "65536"]);
  const { code, stderr } = await run(["append", newChannel(), "--url", server.url], { input: `${"x".repeat(100_000)}\n` });
  assert.equal(code, 2);
  assert.equal(stderr, `tidemark: ${server.url} takes no record as large as this (its --max-payload)\n`);
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
