// What the Engine.IO protocol's test suite (revision 4) checks of a server, in our words. Handshake, heartbeat, close and
// upgrade are checked at the Socket.IO endpoint, too, as the Socket.IO suite does.
import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { waitFor } from "../harness.mjs";
import { echoServer, PING_INTERVAL_MS, PING_TIMEOUT_MS, Socket, within } from "./support.mjs";

const server = echoServer({ before, after });

const urlOf = (path, query) => `${server.url}${path}/?${query}`;
const pollUrl = (path, sid) => urlOf(path, `EIO=4&transport=polling${sid ? `&sid=${sid}` : ""}`);
const socketUrl = (path, sid) => urlOf(path, `EIO=4&transport=websocket${sid ? `&sid=${sid}` : ""}`);

async function get(url) {
  const response = await within(fetch(url), `GET ${url}`);
  return { status: response.status, text: await response.text() };
}

async function post(url, body) {
  const response = await within(fetch(url, { method: "POST", body }), `POST ${url}`);
  return { status: response.status, text: await response.text() };
}

async function openPolling(path) {
  const { status, text } = await get(pollUrl(path));
  assert.equal(status, 200);
  const { sid } = JSON.parse(text.slice(1));
  return { sid, url: pollUrl(path, sid) };
}

async function openSocket(t, path) {
  const socket = new Socket(t, socketUrl(path));
  assert.equal((await socket.next("the handshake"))[0], "0");
  return socket;
}

function assertHandshake(packet, upgrades) {
  assert.equal(packet[0], "0");
  const { sid, ...rest } = JSON.parse(packet.slice(1));
  assert.equal(typeof sid, "string");
  assert.deepEqual(rest, {
    upgrades,
    pingInterval: PING_INTERVAL_MS,
    pingTimeout: PING_TIMEOUT_MS,
    maxPayload: 1_000_000,
  });
}

for (const path of ["/engine.io", "/socket.io"]) {
  describe(`a handshake at ${path}`, () => {
    test("over polling offers WebSocket and says the intervals", async () => {
      const { status, text } = await get(pollUrl(path));
      assert.equal(status, 200);
      assertHandshake(text, ["websocket"]);
    });

    test("over WebSocket offers nothing further", async (t) => {
      const socket = new Socket(t, socketUrl(path));
      assertHandshake(await socket.next("the handshake"), []);
    });

    for (const query of ["transport=polling", "EIO=abc&transport=polling", "EIO=4", "EIO=4&transport=abc"]) {
      test(`with ?${query} is answered with 400, and no WebSocket comes of it`, async (t) => {
        assert.equal((await get(urlOf(path, query))).status, 400);
        const socket = new Socket(t, urlOf(path, query.replace("polling", "websocket")));
        await socket.ends("the refused WebSocket");
      });
    }

    for (const method of ["POST", "PUT"]) {
      test(`by ${method} is answered with 400`, async () => {
        const response = await fetch(pollUrl(path), { method });
        assert.equal(response.status, 400);
      });
    }
  });

  describe(`the heartbeat at ${path}`, () => {
    test("over polling: a ping in each poll, for as long as it is answered", async () => {
      const { url } = await openPolling(path);
      for (let i = 0; i < 3; i++) {
        assert.deepEqual(await get(url), { status: 200, text: "2" });
        assert.deepEqual(await post(url, "3"), { status: 200, text: "ok" });
      }
    });

    test("over polling: who does not answer is dropped once interval and timeout are over", async () => {
      const { url } = await openPolling(path);
      assert.deepEqual(await get(url), { status: 200, text: "2" });
      const next = await get(url);
      // Held until it is over, or come too late for that.
      if (next.status === 200) assert.equal(next.text, "1");
      assert.equal((await get(url)).status, 400);
    });

    test("over WebSocket: ping after ping, for as long as they are answered", async (t) => {
      const socket = await openSocket(t, path);
      for (let i = 0; i < 3; i++) {
        assert.equal(await socket.next("a ping"), "2");
        socket.send("3");
      }
    });

    test("over WebSocket: who does not answer is closed", async (t) => {
      const socket = await openSocket(t, path);
      await socket.ends("the silent WebSocket");
    });
  });

  describe(`a close packet at ${path}`, () => {
    test("over polling gives the held poll back and ends the session", async () => {
      const { url } = await openPolling(path);
      const [held] = await Promise.all([get(url), post(url, "1")]);
      assert.deepEqual(held, { status: 200, text: "6" });
      assert.equal((await get(url)).status, 400);
    });

    test("over WebSocket closes it", async (t) => {
      const socket = await openSocket(t, path);
      socket.send("1");
      await socket.ends("the WebSocket");
    });
  });

  describe(`an upgrade at ${path}`, () => {
    async function upgraded(t) {
      const { sid, url } = await openPolling(path);
      const socket = new Socket(t, socketUrl(path, sid));
      await within(new Promise((resolve) => socket.ws.once("open", resolve)), "the WebSocket");
      socket.send("2probe");
      assert.equal(await socket.next("the answer to the probe"), "3probe");
      socket.send("5");
      return { sid, url, socket };
    }

    test("ends polling", async (t) => {
      const { url } = await upgraded(t);
      assert.equal((await get(url)).status, 400);
    });

    test("happens once: another WebSocket of the session is refused", async (t) => {
      const { sid } = await upgraded(t);
      await new Socket(t, socketUrl(path, sid)).ends("the second WebSocket");
    });

    if (path === "/engine.io") {
      test("gives a poll back with a noop, and messages go over the WebSocket from then on", async (t) => {
        const { sid, url } = await openPolling(path);
        const socket = new Socket(t, socketUrl(path, sid));
        await within(new Promise((resolve) => socket.ws.once("open", resolve)), "the WebSocket");
        socket.send("2probe");
        assert.equal(await socket.next("the answer to the probe"), "3probe");
        assert.deepEqual(await get(url), { status: 200, text: "6" });
        socket.send("5");
        socket.send("4hello");
        assert.equal(await socket.nextPacket("the echo"), "4hello");
      });

      test("is not disturbed by a poll or a WebSocket that comes too late", async (t) => {
        const { sid, url, socket } = await upgraded(t);
        assert.equal((await get(url)).status, 400);
        await new Socket(t, socketUrl(path, sid)).ends("the second WebSocket");
        socket.send("4hello");
        assert.equal(await socket.nextPacket("the echo"), "4hello");
      });
    }
  });
}

describe("messages over polling", () => {
  for (const [what, body] of [
    ["one text packet", "4hello"],
    ["several text packets", "4test1\x1e4test2\x1e4test3"],
    ["text and bytes", "4hello\x1ebAQIDBA=="],
  ]) {
    test(`${what}: in by one POST, back by one poll`, async () => {
      const { url } = await openPolling("/engine.io");
      assert.deepEqual(await post(url, body), { status: 200, text: "ok" });
      assert.deepEqual(await get(url), { status: 200, text: body });
    });
  }

  test("what is no packet is answered with 400 and ends the session", async () => {
    const { url } = await openPolling("/engine.io");
    assert.equal((await post(url, "abc")).status, 400);
    assert.equal((await get(url)).status, 400);
  });

  test("a second poll beside a held one is refused, and the held one told that the session is over", async () => {
    const { url } = await openPolling("/engine.io");
    const first = get(url);
    const second = get(`${url}&t=second`);
    const answers = await Promise.all([first, second]);
    // Two connections: either may come first.
    answers.sort((a, b) => a.status - b.status);
    assert.deepEqual(answers[0], { status: 200, text: "1" });
    assert.equal(answers[1].status, 400);
    assert.equal((await get(url)).status, 400);
  });

  test("a poll that its client gives up ends the session", async () => {
    const { url } = await openPolling("/engine.io");
    const { host, hostname, port, pathname, search } = new URL(url);
    const client = net.connect(port, hostname);
    // Both in one piece: when the first is answered, the second is held.
    const head = (target) => `GET ${target} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
    client.write(head("/healthz") + head(pathname + search));
    await within(once(client, "data"), "the first answer");
    client.destroy();
    await waitFor(async () => (await get(url)).status === 400, { what: "the session's end" });
  });
});

describe("messages over WebSocket", () => {
  test("text comes back as text", async (t) => {
    const socket = await openSocket(t, "/engine.io");
    socket.send("4hello");
    assert.equal(await socket.nextPacket("the echo"), "4hello");
  });

  test("bytes come back as bytes", async (t) => {
    const socket = await openSocket(t, "/engine.io");
    socket.send(Buffer.from([1, 2, 3, 4]));
    assert.deepEqual(await socket.nextPacket("the echo"), Buffer.from([1, 2, 3, 4]));
  });

  test("what is no packet closes it", async (t) => {
    const socket = await openSocket(t, "/engine.io");
    socket.send("abc");
    await socket.ends("the WebSocket");
  });
});
