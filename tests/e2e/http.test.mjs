// The plain HTTP side: who may ask from where, the files for browsers, health, and requests that are no HTTP.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Client, newChannel, RawWebSocket, request, serve, within } from "./support.mjs";

const FRIEND = "https://friend.example";
const STRANGER = "https://stranger.example";
const POLL = "/socket.io/?EIO=4&transport=polling";

let server;
let plain;
let open;
before(async () => {
  server = await serve(undefined, ["--cors-origin", FRIEND]);
  plain = await serve();
  open = await serve(undefined, ["--cors-origin", "*"]);
});
after(() => Promise.all([server, plain, open].map((one) => one.stop())));

describe("origins", () => {
  for (const [what, asked, origin] of [
    ["a listed one", () => server, () => FRIEND],
    ["the server's own", () => server, () => server.url],
    ["localhost on another port, where none are listed,", () => plain, () => "http://localhost:8080"],
  ]) {
    test(`${what} may poll and open a WebSocket`, async (t) => {
      const { url } = asked();
      const headers = { origin: origin() };
      const answer = await request(url, POLL, { headers });
      assert.equal(answer.status, 200);
      if (headers.origin !== url) assert.equal(answer.headers.get("access-control-allow-origin"), headers.origin);
      const raw = await RawWebSocket.open(t, url, { headers });
      assert.equal((await raw.connect("/")).type, 0);
    });
  }

  for (const origin of [STRANGER, "https://friend.example.evil", "http://friend.example", "null", "https://localhost.evil"]) {
    test(`${origin} gets no permission to read answers, and 403 for a WebSocket`, async () => {
      for (const { url } of [server, plain]) {
        const answer = await request(url, POLL, { headers: { origin } });
        assert.equal(answer.headers.get("access-control-allow-origin"), null);
        const raw = new RawWebSocket(url, { headers: { origin } });
        await assert.rejects(within(raw.opened, "a refusal"), { status: 403 });
      }
    });
  }

  test("no origin at all (no browser) may do everything", async (t) => {
    assert.equal((await request(server.url, POLL)).status, 200);
    await RawWebSocket.open(t, server.url);
  });

  test("the question before the question (OPTIONS) is answered for a listed origin only", async () => {
    const ask = (origin) =>
      request(server.url, POLL, {
        method: "OPTIONS",
        headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
      });
    const friend = await ask(FRIEND);
    assert.ok([200, 204].includes(friend.status), `status ${friend.status}`);
    assert.equal(friend.headers.get("access-control-allow-origin"), FRIEND);
    assert.match(friend.headers.get("access-control-allow-methods"), /POST/);
    assert.equal((await ask(STRANGER)).headers.get("access-control-allow-origin"), null);
  });

  test("an answer that depends on the origin says so to caches", async () => {
    const { headers } = await request(server.url, POLL, { headers: { origin: FRIEND } });
    assert.match(headers.get("vary") ?? "", /origin/i);
  });

  test("with '*' everybody may", async (t) => {
    const headers = { origin: STRANGER };
    const answer = await request(open.url, POLL, { headers });
    assert.ok(["*", STRANGER].includes(answer.headers.get("access-control-allow-origin")));
    await RawWebSocket.open(t, open.url, { headers });
  });
});

describe("the files for browsers", () => {
  const dist = join(dirname(createRequire(import.meta.url).resolve("socket.io-client/package.json")), "dist");

  test("the chat page is at /, with a content security policy and no sniffing", async () => {
    const { status, headers, text } = await request(server.url, "/");
    assert.equal(status, 200);
    assert.match(headers.get("content-type"), /^text\/html; charset=utf-8$/i);
    assert.match(text, /<html/i);
    const policy = headers.get("content-security-policy");
    assert.match(policy, /default-src/);
    assert.doesNotMatch(policy.match(/script-src[^;]*/)?.[0] ?? policy, /unsafe-inline|unsafe-eval/);
    assert.equal(headers.get("x-content-type-options"), "nosniff");
  });

  for (const name of ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.js.map"]) {
    test(`the stock client is served as it was published: ${name}`, async () => {
      const answer = await request(server.url, `/socket.io/${name}`);
      assert.equal(answer.status, 200);
      assert.equal(answer.text, readFileSync(join(dist, name), "utf8"));
    });
  }

  test("a file is the same with and without compression", async () => {
    const plain = await request(server.url, "/socket.io/socket.io.js", { headers: { "accept-encoding": "identity" } });
    const packed = await request(server.url, "/socket.io/socket.io.js", { headers: { "accept-encoding": "gzip" } });
    assert.equal(plain.headers.get("content-encoding"), null);
    assert.equal(packed.text, plain.text);
  });

  test("a range is answered with the whole, and none are promised", async () => {
    for (const method of ["GET", "HEAD"]) {
      const identity = { "accept-encoding": "identity" };
      const whole = await request(server.url, "/socket.io/socket.io.js", { method, headers: identity });
      for (const range of ["bytes=0-9", "bytes=-5", "bytes=0-1,4-5", "bytes=999999999-", "lines=1-2", "x"]) {
        const answer = await request(server.url, "/socket.io/socket.io.js", { method, headers: { ...identity, range } });
        assert.equal(answer.status, 200, range);
        assert.equal(answer.text, whole.text, range);
        assert.equal(answer.headers.get("content-length"), whole.headers.get("content-length"));
        for (const name of ["accept-ranges", "content-range"]) assert.equal(answer.headers.get(name), null);
      }
    }
  });

  test("what has not changed is not sent again", async () => {
    for (const path of ["/", "/socket.io/socket.io.js"]) {
      const first = await request(server.url, path);
      const etag = first.headers.get("etag");
      assert.match(etag, /^"[^"]+"$/);
      const second = await request(server.url, path, { headers: { "if-none-match": etag } });
      assert.equal(second.status, 304);
      assert.equal(second.text, "");
      assert.equal(second.headers.get("etag"), etag);
      assert.equal((await request(server.url, path, { headers: { "if-none-match": '"other"' } })).status, 200);
    }
  });

  test("the answer that nothing has changed states no length, since it would have to be the file's", async () => {
    const { headers } = await request(server.url, "/", { headers: { "accept-encoding": "identity" } });
    const answers = await exchange(
      `GET / HTTP/1.1\r\nHost: x\r\nIf-None-Match: ${headers.get("etag")}\r\n\r\n` +
        "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    const [unchanged, next] = answers.split(/(?<=\r\n\r\n)/);
    assert.match(unchanged, /^HTTP\/1\.1 304 /);
    assert.doesNotMatch(unchanged, /^(content-length|transfer-encoding):/im);
    assert.match(next, /^HTTP\/1\.1 200 /, "the next answer follows at once");
  });

  for (const [accepted, coding] of [
    ["gzip;q=0", null],
    ["gzip; q=0", null],
    ["gzip;q=0.0, identity", null],
    ["gzip;q=0.5", "gzip"],
    ["gzip; q=1.0", "gzip"],
    ["br, gzip;q=0.001, *;q=0", "gzip"],
  ]) {
    test(`Accept-Encoding: ${accepted} gets ${coding ?? "no compression"}`, async () => {
      const { status, headers } = await request(server.url, "/", { headers: { "accept-encoding": accepted } });
      assert.equal(status, 200);
      assert.equal(headers.get("content-encoding"), coding);
    });
  }

  test("HEAD says what GET would, without the body", async () => {
    const headers = { "accept-encoding": "identity" };
    const get = await request(server.url, "/", { headers });
    const head = await request(server.url, "/", { method: "HEAD", headers });
    assert.equal(head.status, 200);
    assert.equal(head.text, "");
    for (const name of ["content-type", "content-length", "etag", "content-security-policy"]) {
      assert.equal(head.headers.get(name), get.headers.get(name), name);
    }
    assert.equal(get.headers.get("content-length"), String(Buffer.byteLength(get.text)));
  });

  test("what is not there is 404, and no path leads out", async () => {
    for (const path of ["/nothing", "/socket.io/nothing.js", "/..%2f..%2fetc/passwd", "/chat/..%2findex.html", "/%00"]) {
      const { status } = await request(server.url, path);
      assert.ok([400, 404].includes(status), `${path}: ${status}`);
    }
    const raw = await exchange("GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert.match(raw, /^HTTP\/1\.1 40[04] /);
  });

  test("a page's name with a slash too many leads to the page", async () => {
    const { status, headers } = await request(server.url, "/inspect/");
    assert.equal(status, 308);
    const page = await request(server.url, headers.get("location"));
    assert.equal(page.status, 200);
    assert.match(page.headers.get("content-type"), /^text\/html/);
    assert.match((await request(server.url, "/inspector/")).text, /the inspector at \/inspect,/);
  });

  test("other methods are 405 and say which are allowed", async () => {
    for (const method of ["POST", "PUT", "DELETE"]) {
      const { status, headers } = await request(server.url, "/", { method });
      assert.equal(status, 405);
      assert.match(headers.get("allow"), /GET/);
    }
  });
});

test("the process says that it lives and that it is ready", async () => {
  assert.equal((await request(server.url, "/healthz")).status, 200);
  assert.equal((await request(server.url, "/readyz")).status, 200);
});

/** Everything the server answers to these bytes until it closes. */
function exchange(bytes) {
  const answer = new Promise((resolve) => {
    const socket = net.connect(server.port, "localhost", () => socket.write(bytes));
    let got = "";
    socket.setEncoding("latin1");
    socket.on("data", (chunk) => (got += chunk));
    socket.on("error", () => {});
    socket.on("close", () => resolve(got));
  });
  return within(answer, "the server to close the connection");
}

describe("HTTP itself", () => {
  test("requests sent without waiting are answered in their order", async () => {
    const got = await exchange(
      "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /nothing HTTP/1.1\r\nHost: x\r\n\r\n" +
        "GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    const statuses = [...got.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => status);
    assert.deepEqual(statuses, ["200", "404", "200"]);
  });

  for (const [what, bytes, status] of [
    ["no HTTP", "hello there\r\n\r\n", /^(HTTP\/1\.1 400 |$)/],
    ["a missing Host", "GET / HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", /^HTTP\/1\.1 400 /],
    [
      "length and chunks",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      /^HTTP\/1\.1 400 /,
    ],
    ["a huge header", `GET / HTTP/1.1\r\nHost: x\r\nX: ${"y".repeat(100_000)}\r\n\r\n`, /^HTTP\/1\.1 4(00|13|31) /],
    ["a huge target", `GET /${"y".repeat(10_000)} HTTP/1.1\r\nHost: x\r\n\r\n`, /^HTTP\/1\.1 4(00|14|31) /],
    ["another version of WebSocket", websocketRequest("Sec-WebSocket-Version: 8"), /^HTTP\/1\.1 4(00|26) /],
    ["a WebSocket without a key", websocketRequest("Sec-WebSocket-Version: 13", ""), /^HTTP\/1\.1 400 /],
  ]) {
    test(`${what} is refused and closed, and others are served`, async (t) => {
      const neighbour = await Client.open(t, server.url, newChannel());
      assert.match(await exchange(bytes), status);
      await neighbour.publish("still here");
      assert.deepEqual(neighbour.disconnects, []);
    });
  }
});

function websocketRequest(version, key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n") {
  return (
    "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, close\r\n" +
    `Upgrade: websocket\r\n${key}${version}\r\n\r\n`
  );
}
