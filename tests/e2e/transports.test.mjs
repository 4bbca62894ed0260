// The two transports and the way from one to the other: nothing lost, nothing doubled.
import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import {
  assertInOrderOnce, Client, newChannel, numbered, parseDelivery, parsePacket, patience, publishFromElsewhere, RawPolling,
  RawWebSocket, request, SEPARATOR, serve, waitFor, within,
} from "./support.mjs";

let server;
before(async () => {
  server = await serve();
});
after(() => server.stop());

const payloadsOf = (messages) =>
  messages
    .map(parsePacket)
    .filter(({ type }) => type === 2)
    .map((packet) => JSON.parse(parseDelivery(packet).payload));

/** A polling session in a new channel that holds a GET, and a publisher beside it. */
async function pollingSession(t) {
  const channel = newChannel();
  const polling = await RawPolling.open(t, server.url);
  await polling.connect(channel);
  const publisher = await Client.open(t, server.url, channel);
  return { channel, polling, publisher };
}

async function probe(t, polling) {
  const socket = await RawWebSocket.open(t, server.url, { sid: polling.handshake.sid });
  socket.send("2probe");
  assert.equal(await socket.control.next("the answer to the probe"), "3probe");
  return socket;
}

describe("an upgrade under traffic", () => {
  for (const [order, beforeUpgrade] of [
    ["after the poll that was held has been answered", true],
    ["while a poll is still held", false],
  ]) {
    test(`that ends ${order} delivers every message once and in order`, async (t) => {
      const { polling, publisher } = await pollingSession(t);
      await publisher.publishAll(numbered("before", 5));
      while (polling.inbox.all.length < 1 + 5) await polling.poll();
      const held = polling.poll();
      const socket = await probe(t, polling);
      await publisher.publishAll(numbered("during", 5));
      if (beforeUpgrade) await held;
      socket.send("5");
      await publisher.publishAll(numbered("after", 5));
      await held;
      await publisher.receives(15);
      const expected = publisher.payloads();
      const got = () => payloadsOf([...polling.inbox.all, ...socket.inbox.all]);
      await waitFor(() => got().length >= 15, { what: "15 messages over both transports" });
      await publisher.publish("last");
      await waitFor(() => got().at(-1) === "last", { what: "the last message" });
      assert.deepEqual(got(), [...expected, "last"]);
    });
  }

  test("answers the held poll, so that the client can go on", async (t) => {
    const { polling } = await pollingSession(t);
    const held = polling.poll();
    await probe(t, polling);
    assert.deepEqual(await held, ["6"]);
  });

  test("answers a poll that arrives behind the probe, too: its client waits for that before it switches", async (t) => {
    const { polling, publisher } = await pollingSession(t);
    const socket = await probe(t, polling);
    assert.deepEqual(await polling.poll(), ["6"]);
    const late = polling.poll();
    socket.send("5");
    await publisher.publish("over the socket");
    await socket.inbox.next("the message");
    assert.deepEqual(payloadsOf(socket.inbox.all), ["over the socket"]);
    await late.catch((error) => assert.match(error.message, /400/));
  });

  test("leaves polls as they are until the client has its probe answered: they are held and carry records", async (t) => {
    const { polling, publisher } = await pollingSession(t);
    const socket = await RawWebSocket.open(t, server.url, { sid: polling.handshake.sid });
    for (const payload of ["one", "two"]) {
      let answered = false;
      const held = polling.poll().finally(() => (answered = true));
      for (let i = 0; i < 20; i++) await request(server.url, "/healthz");
      assert.equal(answered, false, "a poll was answered with nothing in it");
      await publisher.publish(payload);
      assert.deepEqual(await held, []);
    }
    assert.deepEqual(payloadsOf(polling.inbox.all), ["one", "two"]);
    const held = polling.poll();
    socket.send("2probe");
    assert.equal(await socket.control.next("the answer to the probe"), "3probe");
    assert.deepEqual(await held, ["6"]);
    socket.send("5");
    await publisher.publish("three");
    await socket.inbox.next("the message over the socket");
    assert.deepEqual(payloadsOf(socket.inbox.all), ["three"]);
  });

  test("whose 101 the client's socket cannot take leaves the polling session whole, and another one may follow", async (t) => {
    const own = await serve(t, ["--io-threads", "1", "--ping-interval", "500", "--ping-timeout", "1500"]);
    const { polling, upgradable } = await upgradeThatCannotBeAnswered(t, own);
    const channel = newChannel();
    await polling.connect(channel);
    await publishFromElsewhere(own.url, channel, ["still polled"]);
    const [{ payload }] = await polling.deliveries(1);
    assert.equal(payload, '"still polled"');
    // Silent from now on. Its end is where a stream that is gone would be told of it.
    await waitFor(async () => (await polling.get()).status === 400, { what: "the silent session to be dropped" });
    assert.ok(own.running, `the server is gone; it said:\n${own.stderr}`);
    assert.equal((await request(own.url, "/readyz")).status, 200);
    assert.ok(upgradable, "the session took no second upgrade, as if the first were still under way");
  });

  test("that is begun and given up leaves the polling session whole", async (t) => {
    const { polling, publisher } = await pollingSession(t);
    const held = polling.poll();
    const socket = await probe(t, polling);
    await held;
    await publisher.publishAll(numbered("during", 3));
    socket.terminate();
    await publisher.publishAll(numbered("after", 3));
    while (payloadsOf(polling.inbox.all).length < 6) await polling.poll();
    assert.deepEqual(payloadsOf(polling.inbox.all), [...numbered("during", 3), ...numbered("after", 3)]);
  });

  test("ends polling: the session answers no poll any more", async (t) => {
    const { polling, publisher } = await pollingSession(t);
    const socket = await probe(t, polling);
    socket.send("5");
    await publisher.publish("over the socket");
    await socket.inbox.next("the message");
    assert.equal((await polling.get()).status, 400);
    await publisher.publish("still there");
    await socket.inbox.next("the message");
    assert.deepEqual(payloadsOf(socket.inbox.all), ["over the socket", "still there"]);
  });

  test("happens once: a second WebSocket for the session is closed and the first goes on", async (t) => {
    const { polling, publisher } = await pollingSession(t);
    const socket = await probe(t, polling);
    socket.send("5");
    await publisher.publish("one");
    await socket.inbox.next("the first message");
    const second = new RawWebSocket(server.url, { sid: polling.handshake.sid });
    t.after(() => second.ws.terminate());
    await within(second.closed, "the second WebSocket to be closed");
    await publisher.publish("two");
    await socket.inbox.next("the second message");
    assert.deepEqual(payloadsOf(socket.inbox.all), ["one", "two"]);
  });

  test("carries over what the client sends, too", async (t) => {
    const { channel, polling, publisher } = await pollingSession(t);
    for (let i = 0; i < 5; i++) await polling.publishRaw(channel, `"poll ${i}"`);
    const held = polling.poll();
    const socket = await probe(t, polling);
    await held;
    socket.send("5");
    for (let i = 0; i < 5; i++) await socket.publishRaw(channel, `"socket ${i}"`);
    await publisher.receives(10);
    assert.deepEqual(publisher.payloads(), [...numbered("poll", 5), ...numbered("socket", 5)]);
  });

  test("by stock clients, ten at once and while others publish without a pause, loses nothing", async (t) => {
    const channel = newChannel();
    const publisher = await Client.open(t, server.url, channel);
    let [published, stop] = [0, false];
    const publishing = (async () => {
      while (!stop) {
        await publisher.publishAll(numbered(`batch ${published}`, 5));
        published += 5;
      }
    })();
    const clients = await Promise.all(
      Array.from({ length: 10 }, () =>
        Client.open(t, server.url, channel, { transports: ["polling", "websocket"] }),
      ),
    );
    stop = true;
    await publishing;
    await publisher.receives(published);
    for (const client of clients) {
      await client.receives(published);
      assertInOrderOnce(client.offsets());
      assert.deepEqual(client.payloads(), publisher.payloads());
      assert.equal(client.connects.length, 1, "none of them had to reconnect");
    }
  });
});

describe("polling", () => {
  test("gives at most 16 packets at once, live and replayed, and leaves none out", async (t) => {
    const channel = newChannel();
    await publishFromElsewhere(server.url, channel, numbered("old", 50));
    const polling = await RawPolling.open(t, server.url);
    await polling.connect(channel);
    await publishFromElsewhere(server.url, channel, numbered("new", 50));
    const got = payloadsOf(polling.inbox.all);
    while (got.length < 100) {
      const body = await (await polling.get()).text();
      const packets = body.split(SEPARATOR);
      assert.ok(packets.length <= 16, `${packets.length} packets in one answer`);
      if (packets.includes("2")) await polling.post("3");
      got.push(...payloadsOf(packets.filter((packet) => packet[0] === "4").map((packet) => packet.slice(1))));
    }
    assert.deepEqual(got, [...numbered("old", 50), ...numbered("new", 50)]);
  });

  test("takes several packets in one POST", async (t) => {
    const { channel, polling, publisher } = await pollingSession(t);
    const body = numbered("m", 20).map((text) => `42${channel},["chat message","${text}"]`);
    const response = await polling.post(body.join(SEPARATOR));
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "ok");
    await publisher.receives(20);
    assert.deepEqual(publisher.payloads(), numbered("m", 20));
  });

  test("holds a GET until there is something to say", async (t) => {
    const { polling, publisher } = await pollingSession(t);
    const held = polling.poll();
    await publisher.publish("at last");
    await held;
    assert.deepEqual(payloadsOf(polling.inbox.all), ["at last"]);
  });

  test("a second GET beside a held one ends the session", async (t) => {
    const { polling } = await pollingSession(t);
    const [first, second] = await pollTwice(polling);
    assert.equal(first.status, 200);
    assert.equal(first.body, "1");
    assert.equal(second.status, 400);
    assert.equal((await polling.get()).status, 400);
  });

  test("the end of the session does not come with records: the stock client would hold them back, and ask for them again", async (t) => {
    const own = await serve(t, ["--io-threads", "1"]);
    const publisher = await Client.open(t, own.url, "/");
    const open = async () => {
      const socket = net.connect(own.port, "localhost");
      t.after(() => socket.destroy());
      socket.got = "";
      socket.on("data", (chunk) => (socket.got += chunk));
      await once(socket, "connect");
      return socket;
    };
    const answered = (socket) => /\r\n\r\n[^]/.test(socket.got);
    // The second poll must be read before the first is answered: the thread is kept busy while both come.
    const [busy, first, second] = await Promise.all([open(), open(), open()]);
    let together = 0;
    for (let round = 0; together < 3; round++) {
      assert.ok(round < 500, `the second poll came in time ${together} times of ${round}`);
      const polling = await RawPolling.open(t, own.url);
      await polling.connect("/", { history: 0 });
      await publisher.publish(`round ${round}`);
      const { pathname, search, host } = new URL(polling.base);
      const get = (path) => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`;
      first.got = second.got = "";
      busy.write(get("/healthz").repeat(50));
      first.write(get(pathname + search));
      second.write(get(pathname + search));
      await waitFor(() => answered(first), { what: "the answer to the first poll" });
      if (!first.got.includes(`round ${round}`)) continue;
      assert.doesNotMatch(first.got, /\x1e1$/);
      // A poll that came too late is held.
      await publisher.publish("another");
      await waitFor(() => answered(second), { what: "the answer to the second poll" });
      if (second.got.startsWith("HTTP/1.1 400")) together++;
    }
  });

  test("a POST that stops half-way is taken for no message and disturbs no other session", async (t) => {
    const { channel, polling, publisher } = await pollingSession(t);
    const url = new URL(polling.base);
    const slow = net.connect(url.port, "localhost");
    t.after(() => slow.destroy());
    slow.on("error", () => {});
    const half = `42${channel},["chat message","half"]`;
    const head = `POST ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: ${half.length + 1}`;
    await new Promise((resolve) => slow.write(`${head}\r\n\r\n${half}`, resolve));
    await publisher.publish("whole");
    slow.destroy();
    await publisher.publish("last");
    await publisher.receives(2);
    assert.deepEqual(publisher.payloads(), ["whole", "last"]);
  });

  for (const threads of ["1", "2"]) {
    test(`a second POST beside one that is half here ends the session (${threads} I/O threads)`, async (t) => {
      const own = await serve(t, ["--io-threads", threads]);
      const polling = await RawPolling.open(t, own.url);
      await polling.connect("/");
      const url = new URL(polling.base);
      const slow = net.connect(url.port, "localhost");
      t.after(() => slow.destroy());
      let got = "";
      slow.on("data", (chunk) => (got += chunk));
      const ended = once(slow, "close");
      slow.write(
        `POST ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 10\r\n` +
          "Expect: 100-continue\r\n\r\n",
      );
      await waitFor(() => got.includes("\r\n\r\n"), { what: "100 Continue" });
      assert.equal((await polling.post("3")).status, 400);
      assert.equal((await polling.get()).status, 400);
      // The first is answered, too, and its connection ended: the rest of it is no request.
      await within(ended, "the end of the first POST's connection");
      assert.deepEqual(got.match(/^HTTP\/1\.1 \d+/gm), ["HTTP/1.1 100", "HTTP/1.1 400"]);
    });
  }

  test("a GET that its client gave up ends the session", async (t) => {
    const { polling } = await pollingSession(t);
    const held = openGet(polling.base);
    await held.sent;
    held.destroy();
    await waitFor(async () => (await polling.post("3")).status === 400, { what: "the session to end" });
  });

  for (const [what, payload] of [
    ["of 300,000 characters", "x".repeat(300_000)],
    ["of 900,000 characters", "x".repeat(900_000)],
    ["with attachments of 300 KB", { files: [Buffer.alloc(300_000, 1), Buffer.alloc(300_000, 2)] }],
  ]) {
    test(`a message ${what} is delivered, live and replayed, and the session goes on`, async (t) => {
      const channel = newChannel();
      const over = { transports: ["polling"] };
      const live = await Client.open(t, server.url, channel, over);
      const publisher = await Client.open(t, server.url, channel);
      await publisher.publishAll(["before", payload, "after"]);
      assert.deepEqual((await live.receives(3)).map((one) => one.payload), ["before", payload, "after"]);
      const late = await Client.open(t, server.url, channel, over);
      assert.deepEqual((await late.receives(3)).map((one) => one.payload), ["before", payload, "after"]);
      for (const client of [live, late]) await client.publish("going on");
      for (const client of [live, late]) {
        assert.deepEqual((await client.receives(5)).slice(3).map((one) => one.payload), ["going on", "going on"]);
        assert.deepEqual(client.disconnects, []);
      }
    });
  }

  test("an answer with records that could not be written ends the session, and its client can come back for them", async (t) => {
    const own = await serve(t, ["--io-threads", "1", "--max-payload", "32MB"]);
    const channel = newChannel();
    const polling = await RawPolling.open(t, own.url);
    const { pid, sid } = await polling.connect(channel);
    await publishFromElsewhere(own.url, channel, ["received"]);
    const [received] = await polling.deliveries(1);
    const files = Array.from({ length: 10 }, (_, i) => Buffer.alloc(262_134, i));
    const publisher = await Client.open(t, own.url, channel);
    await publisher.publishAll([{ files }, "behind them"]);
    // Polls for all of them: more than the buffers of both ends hold.
    const poll = new URL(polling.base);
    const target = poll.pathname + poll.search;
    const socket = await unread(t, own, [target, target].map(get).join(""));
    socket.resetAndDestroy();
    const unknown = await waitFor(
      async () => {
        const answer = await polling.post("3");
        return answer.status === 400 && answer.json();
      },
      { what: "the session to end", timeout: 5_000 },
    );
    assert.equal(unknown.code, 1);
    const back = await RawPolling.open(t, own.url);
    assert.deepEqual(await back.connect(channel, { pid, offset: received.position }), { type: 0, sid, pid });
    assert.equal((await back.nextPacket()).attachments, files.length);
    while (back.inbox.unread < files.length + 1) await back.poll();
    for (const file of files) assert.ok(file.equals(await back.inbox.next("an attachment")));
    assert.equal(parseDelivery(await back.nextPacket()).payload, '"behind them"');
  });

  test("a close packet ends the session and answers the held poll", async (t) => {
    const { polling } = await pollingSession(t);
    const held = polling.get();
    await waitFor(async () => (await polling.post("1")).status === 200, { what: "the close to be taken" });
    const response = await held;
    assert.equal(response.status, 200);
    assert.match(await response.text(), /^[16]$/);
    assert.equal((await polling.get()).status, 400);
  });
});

const get = (target) => `GET ${target} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/**
 * A connection whose client reads nothing of what these requests are answered, once the server has done with them what
 * it can. For a server with one I/O thread: it answers others after it has come to the end of what it can do for this one.
 */
async function unread(t, own, requests) {
  const socket = net.connect(own.port, "localhost").pause();
  t.after(() => socket.destroy());
  socket.on("error", () => {});
  await within(new Promise((resolve) => socket.once("connect", resolve)), "a connection");
  socket.write(requests);
  for (let i = 0; i < 10; i++) await request(own.url, "/healthz");
  return socket;
}

/**
 * A polling session whose upgrade came when the client's connection had no room for the 101, because the client had sent
 * requests ahead of it and read none of their answers. How many leave just no room is found by trying: as many large
 * files as fit, then as many short answers as fit, until the upgrade behind them is neither answered nor left waiting.
 */
async function upgradeThatCannotBeAnswered(t, own) {
  // Mostly the first round finds it; on a busy machine the kernel's buffers grow meanwhile, and it takes several.
  const until = performance.now() + 60_000 * patience;
  for (let others = 0; performance.now() < until; others++) {
    let ahead = [];
    for (const [target, most] of [
      ["/socket.io/socket.io.js.map", 16],
      ["/healthz", 4096],
    ]) {
      for (let count = most; count >= 1; count /= 2) {
        const more = [...ahead, ...Array(count).fill(target)];
        const tried = await upgradeBehind(t, own, more);
        if (tried.outcome === "cut off") return tried;
        if (tried.outcome === "answered") ahead = more;
      }
      // Answers of another length: they shift what is left at the end.
      if (target !== "/healthz") ahead.push(...Array(others).fill("/nothing"));
    }
  }
  throw new Error("no number of answers left just no room for the 101");
}

/**
 * What becomes of an upgrade behind requests whose answers are not read at first: "answered", "waiting" (an answer
 * ahead of it does not fit; it is answered once the client reads) or "cut off".
 */
async function upgradeBehind(t, own, paths) {
  const polling = await RawPolling.open(t, own.url);
  const { sid } = polling.handshake;
  const socket = await unread(
    t,
    own,
    paths.map(get).join("") +
      `GET /socket.io/?EIO=4&transport=websocket&sid=${sid} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n` +
      "Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
  );
  // A session takes one upgrade at a time: another one is closed at once exactly while the first is under way.
  const other = new RawWebSocket(own.url, { sid });
  other.opened.then(() => other.send("2probe"));
  const probed = other.control.next("the answer to another probe").then(() => true, () => false);
  const upgradable = await within(probed, "the answer to another upgrade");
  other.terminate();
  let [got, ended] = ["", false];
  socket.setEncoding("latin1");
  socket.on("data", (chunk) => (got = (got + chunk).slice(-1_000)));
  socket.on("close", () => (ended = true));
  socket.resume();
  const answered = () => /HTTP\/1\.1 (101|400) [^]*\r\n\r\n/.test(got);
  await waitFor(() => answered() || ended, { what: "the end of the answers" });
  socket.destroy();
  const outcome = !answered() ? "cut off" : upgradable ? "waiting" : "answered";
  return { polling, outcome, upgradable };
}

/** A GET on a connection of its own; `sent` resolves once its head is on the way. */
function openGet(target) {
  const request = http.get(target, { agent: false }, (response) => response.resume());
  request.on("error", () => {});
  const sent = new Promise((resolve) => request.on("socket", (socket) => socket.once("connect", resolve)));
  return { sent, destroy: () => request.destroy() };
}

/** Two polls of the session at once on two connections; the answers, the better one first. */
async function pollTwice(polling) {
  const ask = () =>
    new Promise((resolve, reject) => {
      const request = http.request(polling.base, { agent: false }, (response) => {
        let body = "";
        response.setEncoding("utf8");
        response.on("data", (chunk) => (body += chunk));
        response.on("end", () => resolve({ status: response.statusCode, body }));
      });
      request.on("error", reject);
      request.end();
    });
  const answers = await within(Promise.all([ask(), ask()]), "the answers to two polls");
  return answers.sort((a, b) => a.status - b.status);
}

describe("heartbeats", () => {
  test("pings come as configured, and a client that answers them stays", async (t) => {
    const own = await serve(t, ["--ping-interval", "100", "--ping-timeout", "5000"]);
    const raw = await RawWebSocket.open(t, own.url);
    assert.equal(raw.handshake.pingInterval, 100);
    assert.equal(raw.handshake.pingTimeout, 5000);
    await raw.connect("/");
    let pings = 0;
    raw.ws.on("message", (data) => (pings += data.toString() === "2" ? 1 : 0));
    await waitFor(() => pings >= 3, { what: "three pings" });
    await raw.publishRaw("/", '"alive"', { id: 1 });
    await raw.nextPacket("an event or ack");
  });

  for (const transport of ["websocket", "polling"]) {
    test(`a client over ${transport} that does not answer is dropped, the others stay`, async (t) => {
      const own = await serve(t, ["--ping-interval", "100", "--ping-timeout", "300"]);
      const neighbour = await Client.open(t, own.url, newChannel());
      if (transport === "websocket") {
        const raw = await RawWebSocket.open(t, own.url);
        raw.ws.removeAllListeners("message");
        await within(raw.closed, "the silent client to be dropped");
      } else {
        const raw = await RawPolling.open(t, own.url);
        const body = await (await raw.get()).text();
        assert.equal(body, "2");
        await waitFor(async () => (await raw.get()).status === 400, { what: "the silent client to be dropped" });
      }
      await neighbour.publish("still here");
      assert.deepEqual(neighbour.disconnects, []);
    });
  }
});
