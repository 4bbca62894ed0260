// RFC 6455 as a server has to keep it, numbered after its sections, byte by byte on a socket of its own. What the codec
// alone decides is in tests/unit/protocol/websocket_test.cpp; this is what a peer sees, over the echo server.
import assert from "node:assert/strict";
import net from "node:net";
import { after, before, describe, test } from "node:test";
import { echoServer, within } from "./support.mjs";

const server = echoServer({ before, after });

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const HANDSHAKE = {
  Host: "localhost",
  Upgrade: "websocket",
  Connection: "Upgrade",
  "Sec-WebSocket-Key": KEY,
  "Sec-WebSocket-Version": "13",
};
const TEXT = 0x1;
const BINARY = 0x2;
const CONTINUATION = 0x0;
const CLOSE = 0x8;
const PING = 0x9;
const PONG = 0xa;
const FIN = 0x80;

/** A masked frame; `head` is its first byte. */
function frame(head, payload = "", mask = [0x37, 0xfa, 0x21, 0x3d]) {
  const bytes = Buffer.from(payload);
  const length =
    bytes.length < 126
      ? [0x80 | bytes.length]
      : bytes.length < 65_536
        ? [0xfe, bytes.length >> 8, bytes.length & 0xff]
        : [0xff, 0, 0, 0, 0, (bytes.length >>> 24) & 0xff, (bytes.length >> 16) & 0xff, (bytes.length >> 8) & 0xff, bytes.length & 0xff];
  return Buffer.concat([Buffer.from([head, ...length, ...mask]), bytes.map((byte, i) => byte ^ mask[i % 4])]);
}
const whole = (opcode, payload) => frame(FIN | opcode, payload);
const part = (opcode, payload) => frame(opcode, payload);
const closeFrame = (code, reason = "") =>
  whole(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]));

/** A connection on which a handshake with these fields was sent; reads what comes back. */
class Peer {
  bytes = Buffer.alloc(0);
  #wake = () => {};

  constructor(t, fields = HANDSHAKE, { method = "GET", version = "1.1" } = {}) {
    const { hostname, port } = new URL(server.url);
    this.socket = net.connect(port, hostname);
    t.after(() => this.socket.destroy());
    this.socket.on("error", () => {});
    this.ended = new Promise((resolve) => this.socket.on("end", resolve));
    this.socket.on("data", (chunk) => {
      this.bytes = Buffer.concat([this.bytes, chunk]);
      this.#wake();
    });
    this.ended.then(() => this.#wake());
    const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
    this.socket.write(`${method} /engine.io/?EIO=4&transport=websocket HTTP/${version}\r\n${lines.join("")}\r\n`);
  }

  async #has(size) {
    while (this.bytes.length < size) {
      if (this.socket.readableEnded) throw new Error(`ended with ${this.bytes.length} of ${size} bytes`);
      await within(new Promise((resolve) => (this.#wake = resolve)), `${size} bytes`);
    }
  }

  #take(size) {
    const taken = this.bytes.subarray(0, size);
    this.bytes = this.bytes.subarray(size);
    return taken;
  }

  async head() {
    for (let size = 1; ; size = this.bytes.length + 1) {
      const end = this.bytes.indexOf("\r\n\r\n");
      if (end >= 0) return this.#take(end + 4).toString();
      await this.#has(size);
    }
  }

  /** The next frame of the server that is no Engine.IO ping: {head, payload}. */
  async frame() {
    for (;;) {
      await this.#has(2);
      const short = this.bytes[1];
      assert.equal(short & 0x80, 0, "section 5.1: a server masks nothing");
      const extra = short < 126 ? 0 : short === 126 ? 2 : 8;
      await this.#has(2 + extra);
      const length = extra === 0 ? short : extra === 2 ? this.bytes.readUInt16BE(2) : Number(this.bytes.readBigUInt64BE(2));
      await this.#has(2 + extra + length);
      const head = this.#take(2 + extra)[0];
      const payload = Buffer.from(this.#take(length));
      if (head === (FIN | TEXT) && payload.toString() === "2") {
        this.send(whole(TEXT, "3"));
        continue;
      }
      return { head, payload };
    }
  }

  send(...frames) {
    this.socket.write(Buffer.concat(frames));
  }

  async expect(opcode, payload) {
    const { head, payload: got } = await this.frame();
    assert.equal(head, FIN | opcode);
    assert.deepEqual(got, Buffer.from(payload));
  }

  /** The close frame's code; then the server ends its side. */
  async closes() {
    const { head, payload } = await this.frame();
    assert.equal(head, FIN | CLOSE);
    await within(this.ended, "the end of the server's side");
    return payload.readUInt16BE(0);
  }

  static async open(t) {
    const peer = new Peer(t);
    await peer.head();
    assert.equal((await peer.frame()).payload.toString()[0], "0");
    return peer;
  }
}

const without = (name) => Object.fromEntries(Object.entries(HANDSHAKE).filter(([field]) => field !== name));

describe("4 the opening handshake", () => {
  test("4.2.2 a right one is answered with 101 and the key's proof", async (t) => {
    const head = await new Peer(t).head();
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.match(head, /\r\nUpgrade: websocket\r\n/i);
    assert.match(head, /\r\nConnection: Upgrade\r\n/i);
    assert.match(head, /\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/);
    assert.doesNotMatch(head, /Sec-WebSocket-(Extensions|Protocol)/i, "9.1, 11.3.4: nothing is spoken that is not offered");
  });

  test("4.2.1 names and tokens count in any case, and among others", async (t) => {
    const fields = { ...HANDSHAKE, Upgrade: "foo, WebSocket", Connection: "keep-alive, upGRADE" };
    assert.match(await new Peer(t, fields).head(), /^HTTP\/1\.1 101 /);
  });

  test("9.1 extensions and subprotocols that are offered are declined by silence", async (t) => {
    const fields = { ...HANDSHAKE, "Sec-WebSocket-Extensions": "permessage-deflate", "Sec-WebSocket-Protocol": "chat" };
    const head = await new Peer(t, fields).head();
    assert.match(head, /^HTTP\/1\.1 101 /);
    assert.doesNotMatch(head, /Sec-WebSocket-(Extensions|Protocol)/i);
  });

  for (const [what, fields, options, status] of [
    ["4.2.1 without a key", without("Sec-WebSocket-Key"), {}, 400],
    ["4.2.1 with a key of another length", { ...HANDSHAKE, "Sec-WebSocket-Key": "c2hvcnQ=" }, {}, 400],
    ["4.2.1 without Host", without("Host"), {}, 400],
    ["4.2.1 without Connection", without("Connection"), {}, 400],
    ["4.2.1 without Upgrade", without("Upgrade"), {}, 400],
    ["4.2.1 by POST", HANDSHAKE, { method: "POST" }, 400],
    ["4.2.1 in HTTP/1.0", HANDSHAKE, { version: "1.0" }, 400],
    ["11.3.1 with two keys", { ...HANDSHAKE, "sec-websocket-key": HANDSHAKE["Sec-WebSocket-Key"] }, {}, 400],
    ["11.3.5 with two versions", { ...HANDSHAKE, "sec-websocket-version": "13" }, {}, 426],
    ["4.4 without a version", without("Sec-WebSocket-Version"), {}, 426],
    ["4.4 of another version", { ...HANDSHAKE, "Sec-WebSocket-Version": "8" }, {}, 426],
  ]) {
    test(`${what} is answered with ${status}`, async (t) => {
      const head = await new Peer(t, fields, options).head();
      assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `));
      if (status === 426) assert.match(head, /\r\nSec-WebSocket-Version: 13\r\n/);
    });
  }

  test("4.1 frames may come right behind the handshake", async (t) => {
    const peer = new Peer(t);
    peer.send(whole(TEXT, "4early"));
    await peer.head();
    await peer.frame();
    await peer.expect(TEXT, "4early");
  });
});

describe("5 framing", () => {
  for (const size of [0, 125, 126, 65_535, 65_536]) {
    test(`5.2 a payload of ${size} bytes goes round`, async (t) => {
      const peer = await Peer.open(t);
      const bytes = Buffer.alloc(size, 7);
      peer.send(whole(BINARY, bytes));
      await peer.expect(BINARY, bytes);
    });
  }

  test("5.3 any masking key will do, zeros included", async (t) => {
    const peer = await Peer.open(t);
    for (const mask of [[0, 0, 0, 0], [255, 255, 255, 255], [1, 2, 3, 4]]) {
      peer.send(frame(FIN | TEXT, "4masked", mask));
      await peer.expect(TEXT, "4masked");
    }
  });

  test("5.4 a message may come in fragments, empty ones among them, with control frames in between", async (t) => {
    const peer = await Peer.open(t);
    peer.send(part(TEXT, "4one "), whole(PING, "now"), part(CONTINUATION, ""), part(CONTINUATION, "two "), whole(CONTINUATION, "three"));
    await peer.expect(PONG, "now");
    await peer.expect(TEXT, "4one two three");
  });

  test("5.4 the bytes of a frame may come one by one", async (t) => {
    const peer = await Peer.open(t);
    for (const byte of whole(TEXT, "4slowly")) peer.send(Buffer.from([byte]));
    await peer.expect(TEXT, "4slowly");
  });

  test("5.5.2 a ping is answered with its own data, up to 125 bytes", async (t) => {
    const peer = await Peer.open(t);
    for (const data of ["", "p", Buffer.alloc(125, 0xff)]) {
      peer.send(whole(PING, data));
      await peer.expect(PONG, data);
    }
  });

  test("5.5.3 a pong nobody asked for is let pass", async (t) => {
    const peer = await Peer.open(t);
    peer.send(whole(PONG, "unasked"), whole(TEXT, "4still here"));
    await peer.expect(TEXT, "4still here");
  });

  const unmasked = Buffer.from([FIN | TEXT, 0x02, 0x34, 0x30]);
  for (const [what, bytes, code] of [
    ["5.1 a frame that is not masked", unmasked, 1002],
    ["5.2 RSV1", frame(FIN | 0x40 | TEXT, "4x"), 1002],
    ["5.2 RSV2", frame(FIN | 0x20 | TEXT, "4x"), 1002],
    ["5.2 RSV3", frame(FIN | 0x10 | TEXT, "4x"), 1002],
    ...[3, 4, 5, 6, 7, 0xb, 0xc, 0xd, 0xe, 0xf].map((opcode) => [`5.2 opcode ${opcode}`, whole(opcode, ""), 1002]),
    ["5.2 a length of 16 bits that needs 7", Buffer.from([FIN | TEXT, 0xfe, 0, 5, 0, 0, 0, 0]), 1002],
    ["5.2 a length of 64 bits with the top bit set", Buffer.from([FIN | TEXT, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]), 1002],
    ["5.4 a continuation of nothing", whole(CONTINUATION, "x"), 1002],
    ["5.4 a message begun within another", Buffer.concat([part(TEXT, "4a"), part(TEXT, "4b")]), 1002],
    ["5.5 a ping in fragments", part(PING, "x"), 1002],
    ["5.5 a ping of 126 bytes", whole(PING, Buffer.alloc(126)), 1002],
    ["5.5.1 a close with half a code", whole(CLOSE, "\x03"), 1002],
    ["7.4.1 code 1005, which no frame may have", closeFrame(1005), 1002],
    ["7.4.1 code 1006, likewise", closeFrame(1006), 1002],
    ["7.4.2 code 999", closeFrame(999), 1002],
    ["8.1 text that is no UTF-8", whole(TEXT, Buffer.from([0x34, 0xc3, 0x28])), 1007],
    ["8.1 text that ends within a character", whole(TEXT, Buffer.from([0x34, 0xe2, 0x82])), 1007],
    [
      "8.1 text whose last fragment ends within a character",
      Buffer.concat([part(TEXT, Buffer.from([0x34, 0xe2])), whole(CONTINUATION, Buffer.from([0x82]))]),
      1007,
    ],
    ["8.1 a close reason that is no UTF-8", whole(CLOSE, Buffer.from([0x03, 0xe8, 0xff])), 1007],
    ["10.4 a frame that announces an exabyte", Buffer.from([FIN | TEXT, 0xff, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
  ]) {
    test(`${what} fails the connection with ${code}`, async (t) => {
      const peer = await Peer.open(t);
      peer.send(bytes);
      assert.equal(await peer.closes(), code);
    });
  }

  test("8.1 text fails as soon as it cannot become UTF-8 any more, before its frame is whole", async (t) => {
    const peer = await Peer.open(t);
    peer.send(whole(TEXT, Buffer.concat([Buffer.from([0x34, 0xed, 0xa0, 0x80]), Buffer.alloc(1000, 0x78)])).subarray(0, 20));
    assert.equal(await peer.closes(), 1007);
  });

  test("8.1 a character may be cut between two fragments", async (t) => {
    const peer = await Peer.open(t);
    const euro = Buffer.from("4€");
    peer.send(part(TEXT, euro.subarray(0, 2)), whole(CONTINUATION, euro.subarray(2)));
    await peer.expect(TEXT, "4€");
  });
});

describe("7 closing", () => {
  for (const [what, sent, answered] of [
    ["a code and a reason", closeFrame(1000, "bye"), 1000],
    ["1001", closeFrame(1001), 1001],
    ["a code of the application", closeFrame(4321), 4321],
    ["no code", whole(CLOSE, ""), 1000],
  ]) {
    test(`5.5.1 a close with ${what} is answered with ${answered}, and the connection ended`, async (t) => {
      const peer = await Peer.open(t);
      peer.send(sent);
      assert.equal(await peer.closes(), answered);
    });
  }

  test("5.5.1 what comes behind a close is not looked at", async (t) => {
    const peer = await Peer.open(t);
    peer.send(closeFrame(1000), whole(TEXT, "4too late"), whole(3, ""));
    assert.equal(await peer.closes(), 1000);
    assert.equal(peer.bytes.length, 0);
  });

  test("7.1.1 the server does not wait for ever for a peer that leaves its side open", async (t) => {
    const peer = await Peer.open(t);
    peer.socket.allowHalfOpen = true;
    peer.send(closeFrame(1000));
    assert.equal(await peer.closes(), 1000);
    // Whoever writes to a connection that is gone is told so.
    const gone = new Promise((resolve) => peer.socket.on("close", resolve));
    const writing = setInterval(() => peer.socket.write("x"), 20);
    t.after(() => clearInterval(writing));
    await within(gone, "the end of the connection");
  });
});
