// What the end-to-end tests speak with: the stock Socket.IO client, and raw Engine.IO over both transports for what the
// stock client hides (exact bytes, exact order, wrong packets). Every connection made here is closed after its test.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import net from "node:net";
import { io } from "socket.io-client";
import WebSocket from "ws";
import { patience, startServer, waitFor } from "../harness.mjs";

export { freePort, patience, smallDisk, startServer, tempDir, tidemarkBin, waitFor } from "../harness.mjs";

/** The engine under test; every promise but those about restarts holds for `memory` too. */
export const backend = process.env.TIDEMARK_E2E_BACKEND ?? "sqlite";

const ANSWER_TIMEOUT_MS = 10_000;

export const TRANSPORTS = [
  { name: "over WebSocket", transports: ["websocket"] },
  { name: "over polling", transports: ["polling"] },
  { name: "over polling with an upgrade", transports: ["polling", "websocket"] },
];

/** A server for the length of one test (or of one file, when called in `before` with no test context). */
export async function serve(t, args = [], options = {}) {
  const server = await startServer({ args: ["--backend", backend, ...args], ...options });
  t?.after(() => server.kill9());
  return server;
}

/** A channel nobody else uses: tests share a server, not a channel. */
export const newChannel = () => `/chat/t-${randomBytes(6).toString("hex")}`;
export const newKey = () => randomBytes(8).toString("hex");

/** Fails after a while instead of hanging; the timer is gone as soon as the promise settles. */
export function within(promise, what, ms = ANSWER_TIMEOUT_MS) {
  let timer;
  const tooLong = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${ms * patience} ms in vain for: ${what}`)), ms * patience);
  });
  return Promise.race([promise, tooLong]).finally(() => clearTimeout(timer));
}

// --- the stock client ------------------------------------------------------------------------------------------------

/** A stock client that writes down everything it is sent. */
export class Client {
  /** `io`: another release of the client. */
  constructor(t, url, channel, { io: connect = io, ...options } = {}) {
    this.channel = channel;
    this.received = []; // {event, payload, offset, position, args}
    this.connects = []; // {sid, recovered, before: how many events had come before this connect}
    this.disconnects = []; // reasons
    this.socket = connect(url + (channel === "/" ? "" : channel), {
      forceNew: true,
      transports: ["websocket"],
      reconnectionDelay: 10,
      reconnectionDelayMax: 50,
      randomizationFactor: 0,
      ...options,
    });
    this.socket.on("connect", () => {
      this.connects.push({ sid: this.socket.id, recovered: this.socket.recovered, before: this.received.length });
    });
    this.socket.on("disconnect", (reason) => this.disconnects.push(reason));
    this.socket.onAny((event, ...args) => {
      const [payload, offset, position] = args;
      this.received.push({ event, payload, offset, position, args });
    });
    t?.after(() => this.close());
  }

  static async open(t, url, channel, options) {
    const client = new Client(t, url, channel, options);
    await client.connected();
    if (options?.transports?.length > 1) {
      await waitFor(() => client.socket.io.engine.transport.name === options.transports.at(-1), { what: "the upgrade" });
    }
    return client;
  }

  async connected(times = 1) {
    await waitFor(() => this.connects.length >= times && this.socket.connected, {
      what: `connect number ${times} to ${this.channel}`,
    });
    return this.connects.at(-1);
  }

  /** Publishes with an ack and resolves with the ack's only argument. */
  publish(payload, ...rest) {
    const acknowledged = new Promise((resolve) => this.socket.emit("chat message", payload, ...rest, resolve));
    return within(acknowledged, `the ack of ${payload}`);
  }

  async publishAll(payloads) {
    return Promise.all(payloads.map((payload) => this.publish(payload)));
  }

  messages() {
    return this.received.filter((one) => one.event === "chat message");
  }
  payloads() {
    return this.messages().map((one) => one.payload);
  }
  offsets() {
    return this.messages().map((one) => one.offset);
  }

  async receives(count) {
    await waitFor(() => this.messages().length >= count, {
      what: `${count} messages in ${this.channel}`,
    }).catch((error) => {
      throw new Error(`${error.message}; came: ${JSON.stringify(this.offsets())}`);
    });
    return this.messages();
  }

  /** Loses the connection without a goodbye of the Socket.IO session; the client will reconnect by itself. */
  drop() {
    this.socket.io.engine.close();
  }

  close() {
    this.socket.disconnect();
    this.socket.io.engine?.close();
  }
}

/** Publishes from a connection of its own, one message after the other; gives their acks. */
export async function publishFromElsewhere(url, channel, payloads) {
  const publisher = await Client.open(undefined, url, channel, { auth: { history: 1 } });
  try {
    const acks = [];
    for (const payload of payloads) acks.push(await publisher.publish(payload));
    return acks;
  } finally {
    publisher.close();
  }
}

/** `count` payloads that no other test publishes. */
export const numbered = (prefix, count) => Array.from({ length: count }, (_, i) => `${prefix} ${i}`);

export function assertInOrderOnce(offsets) {
  for (let i = 1; i < offsets.length; i++) {
    assert.ok(offsets[i] > offsets[i - 1], `offset ${offsets[i]} came after ${offsets[i - 1]}`);
  }
}

/** The ack of a stored record: `[{offset, duplicate}]`, so one argument. */
export function assertStored(ack) {
  assert.deepEqual(Object.keys(ack), ["offset", "duplicate"]);
  assert.ok(Number.isSafeInteger(ack.offset) && ack.offset > 0, `offset ${ack.offset}`);
  assert.equal(ack.duplicate, false);
}

export function assertRefused(ack) {
  assert.deepEqual(Object.keys(ack), ["error"]);
  assert.equal(typeof ack.error.code, "string");
  assert.match(ack.error.message, /\w/);
}

// --- raw Engine.IO ---------------------------------------------------------------------------------------------------

/** Splits the text of a Socket.IO packet: type, attachments, channel, ack id, and the JSON text byte for byte. */
export function parsePacket(text) {
  const [head, type, attachments, channel, id] = /^(\d)(?:(\d+)-)?(?:(\/[^,]*),)?(\d+)?/.exec(text);
  return {
    type: Number(type),
    attachments: attachments === undefined ? 0 : Number(attachments),
    channel: channel ?? "/",
    id: id === undefined ? undefined : Number(id),
    json: text.slice(head.length),
  };
}

/** The raw payload, offset and position of a delivered "chat message" packet. */
export function parseDelivery(packet) {
  const match = /^\["chat message",([^]*),(\d+),"([0-9a-f]{16}\.\d+)"\]$/.exec(packet.json);
  assert.ok(match, `no delivery: ${packet.json}`);
  return { payload: match[1], offset: Number(match[2]), position: match[3] };
}

/** A queue of what came, with a waiting end. */
class Inbox {
  all = [];
  #read = 0;
  #wake = () => {};
  #error;

  push(item) {
    this.all.push(item);
    this.#wake();
  }
  fail(error) {
    this.#error = error;
    this.#wake();
  }
  async next(what) {
    while (this.#read >= this.all.length) {
      if (this.#error) throw new Error(`${what}: ${this.#error}`);
      await within(new Promise((resolve) => (this.#wake = resolve)), what);
    }
    return this.all[this.#read++];
  }
  get unread() {
    return this.all.length - this.#read;
  }
}

/** What both raw transports share: Socket.IO packets in and out as text. */
class RawSession {
  inbox = new Inbox(); // of strings (text messages, without Engine.IO's "4") and Buffers (binary messages)

  /** Sends CONNECT and gives the reply: {sid, pid} or {message}, with the packet's type. */
  async connect(channel, auth) {
    await this.sendPacket(`0${channel === "/" ? "" : `${channel},`}${auth === undefined ? "" : JSON.stringify(auth)}`);
    const packet = await this.nextPacket(`the answer to CONNECT ${channel}`);
    assert.equal(packet.channel, channel);
    return { type: packet.type, ...JSON.parse(packet.json) };
  }

  async nextPacket(what = "a packet") {
    const message = await this.inbox.next(what);
    assert.equal(typeof message, "string", `a binary message came instead of ${what}`);
    return parsePacket(message);
  }

  /** The next `count` deliveries; anything else in between is a failure. */
  async deliveries(count) {
    const out = [];
    while (out.length < count) out.push(parseDelivery(await this.nextPacket(`delivery ${out.length + 1} of ${count}`)));
    return out;
  }

  /** All deliveries up to the one with that offset. */
  async deliveriesUpTo(offset) {
    const out = [];
    do out.push(parseDelivery(await this.nextPacket(`the delivery of offset ${offset}`)));
    while (out.at(-1).offset < offset);
    return out;
  }

  async publishRaw(channel, payload, { key, id } = {}) {
    const prefix = channel === "/" ? "" : `${channel},`;
    const args = key === undefined ? payload : `${payload},${key}`;
    await this.sendPacket(`2${prefix}${id ?? ""}["chat message",${args}]`);
  }
}

export class RawWebSocket extends RawSession {
  constructor(url, { sid, query = "EIO=4&transport=websocket", headers, path = "/socket.io/" } = {}) {
    super();
    const target = `${url.replace(/^http/, "ws")}${path}?${query}${sid ? `&sid=${sid}` : ""}`;
    this.ws = new WebSocket(target, { headers, perMessageDeflate: false });
    this.control = new Inbox(); // Engine.IO packets other than messages and pings
    this.closed = new Promise((resolve) => {
      this.ws.on("close", (code, reason) => {
        this.inbox.fail(`closed with ${code} ${reason}`);
        this.control.fail(`closed with ${code} ${reason}`);
        resolve({ code, reason: String(reason) });
      });
    });
    this.opened = new Promise((resolve, reject) => {
      this.ws.on("open", resolve);
      this.ws.on("error", reject);
      this.ws.on("unexpected-response", (_, response) => {
        reject(Object.assign(new Error(`answered ${response.statusCode}`), { status: response.statusCode }));
        this.ws.terminate();
      });
    });
    this.opened.catch(() => {});
    this.ws.on("message", (data, isBinary) => {
      if (isBinary) return this.inbox.push(data);
      const text = data.toString();
      if (text === "2") return this.ws.send("3");
      if (text[0] === "4") return this.inbox.push(text.slice(1));
      this.control.push(text);
    });
  }

  /** Opens the connection and reads the handshake. */
  static async open(t, url, options) {
    const raw = new RawWebSocket(url, options);
    t?.after(() => raw.ws.terminate());
    await within(raw.opened, "the WebSocket handshake");
    if (!options?.sid) {
      const open = await raw.control.next("the open packet");
      assert.equal(open[0], "0");
      raw.handshakeText = open.slice(1);
      raw.handshake = JSON.parse(raw.handshakeText);
    }
    return raw;
  }

  send(message) {
    this.ws.send(message);
  }
  async sendPacket(text) {
    this.ws.send(`4${text}`);
  }
  terminate() {
    this.ws.terminate();
  }
}

export const SEPARATOR = "\x1e";

export class RawPolling extends RawSession {
  constructor(url, { headers } = {}) {
    super();
    this.base = `${url}/socket.io/?EIO=4&transport=polling`;
    this.headers = headers;
  }

  static async open(t, url, options) {
    const raw = new RawPolling(url, options);
    const response = await fetch(raw.base, { headers: raw.headers });
    assert.equal(response.status, 200);
    raw.handshakeText = (await response.text()).slice(1);
    raw.handshake = JSON.parse(raw.handshakeText);
    raw.base += `&sid=${raw.handshake.sid}`;
    t?.after(() => fetch(raw.base, { method: "POST", body: "1" }).catch(() => {}));
    return raw;
  }

  get(options) {
    return within(fetch(this.base, options), "the answer to a poll", 20_000);
  }
  post(body) {
    return within(fetch(this.base, { method: "POST", body }), "the answer to a POST");
  }
  async sendPacket(text) {
    const response = await this.post(`4${text}`);
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "ok");
  }

  /** One GET: its packets go to the inbox, pings are answered, the rest (noop, close) is returned. */
  async poll() {
    const response = await this.get();
    const body = await response.text();
    if (response.status !== 200) throw new Error(`poll answered ${response.status} ${body}`);
    const rest = [];
    for (const packet of body.split(SEPARATOR)) {
      if (packet[0] === "4") this.inbox.push(packet.slice(1));
      else if (packet[0] === "b") this.inbox.push(Buffer.from(packet.slice(1), "base64"));
      else if (packet === "2") await this.post("3");
      else rest.push(packet);
    }
    return rest;
  }

  async nextPacket(what) {
    while (this.inbox.unread === 0) await this.poll();
    return super.nextPacket(what);
  }
}

/** Status and text of a GET (or another request) to the server. */
export async function request(url, path, options) {
  const response = await fetch(url + path, { redirect: "manual", ...options });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/**
 * What the server at `port` has refused so far, by its counters: name to number. `localAddress`: whence it is asked, for
 * servers that are full for the usual one.
 */
export async function refusals({ port }, localAddress) {
  const socket = net.connect({ port, host: "127.0.0.1", localAddress });
  let got = "";
  socket.setEncoding("utf8").on("data", (chunk) => (got += chunk));
  socket.write("GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  await within(once(socket, "close"), "/metrics");
  assert.match(got, /^HTTP\/1\.1 200 [^]*\r\nContent-Type: text\/plain; version=0\.0\.4/);
  return new Map(Array.from(got.matchAll(/^tidemark_refusals_total\{limit="(\w+)"\} (\d+)$/gm), (m) => [m[1], Number(m[2])]));
}

// --- a road that can be cut ------------------------------------------------------------------------------------------

/** A TCP proxy in front of the server: connections through it can be cut, or left half open. */
export class Road {
  #pairs = new Set();

  static async to(t, port) {
    const road = new Road();
    road.server = net.createServer({ pauseOnConnect: true }, (near) => {
      const far = net.connect({ port, host: "localhost" });
      const pair = { near, far };
      road.#pairs.add(pair);
      for (const [from, to] of [
        [near, far],
        [far, near],
      ]) {
        from.on("data", (bytes) => to.writable && to.write(bytes));
        from.on("error", () => {});
        from.on("close", () => {
          if (!pair.stranded) to.destroy();
          if (from === far) road.#pairs.delete(pair);
        });
      }
      near.resume();
    });
    await new Promise((resolve) => road.server.listen(0, "localhost", resolve));
    road.url = `http://localhost:${road.server.address().port}`;
    t.after(() => {
      for (const { near, far } of road.#pairs) [near, far].forEach((end) => end.destroy());
      road.server.close();
    });
    return road;
  }

  /** Both ends see the connection end at once. */
  cut() {
    for (const pair of this.#pairs) {
      pair.near.destroy();
      pair.far.destroy();
    }
  }

  /** Cuts until the client has noticed: between two polls there is nothing to cut. */
  async dropOf(client) {
    const { length } = client.disconnects;
    await waitFor(() => client.disconnects.length > length || (this.cut(), false), { what: "the drop" });
  }

  /** The client's end is gone; the server's end stays open and silent, as when a laptop's lid was shut. */
  strand() {
    for (const pair of this.#pairs) {
      pair.stranded = true;
      pair.far.removeAllListeners("data");
      pair.far.pause();
      pair.near.destroy();
    }
  }

  /** Reads on at the stranded server ends, so that their closing is seen. */
  resumeStranded() {
    for (const { stranded, far } of this.#pairs) if (stranded) far.resume();
  }

  /** How many connections to the server are open. */
  get open() {
    return [...this.#pairs].filter(({ far }) => !far.destroyed).length;
  }
}
