// A soak: clients that chat, and beside them, on the same server, everything a hostile one can think of, for as long as
// one likes. Nobody who behaves may lose, double or reorder a message, and at the end the server holds as many
// descriptors as before, and no more memory of its own than half-way.
//
//   node tests/e2e/soak.mjs --minutes 30 --seed 1 --backend sqlite       (./dev soak)
//
// Light on purpose: some 10 messages and 6 attacks a second, a fraction of a core.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import net from "node:net";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { io } from "socket.io-client";
import { seeded, startServer, waitFor } from "../harness.mjs";

const MESSAGE_EVERY_MS = 300; // of each publisher
const MESSAGE_BYTES = 20_000; // so that the tails of the channels (16 MiB each) are full after five minutes
const ATTACK_EVERY_MS = 160;
const DROP_EVERY_MS = 7_000; // one of the clients that come back
const ATTACKERS_AT_ONCE = 60;
const CHANNELS = ["/", "/chat/soak-a", "/chat/soak-b"];
const PATH = "/socket.io/?EIO=4&transport=";
const ENGINE_FILES = 16;
const MINUTES_TO_JUDGE_MEMORY = 10;
// Short, so that what attackers leave behind comes to its end many times in one run.
const SERVER = [
  "--message-timeout", "4s", "--connect-timeout", "4s", "--ping-interval", "4s", "--ping-timeout", "3s",
  "--recovery-window", "30s", "--publish-rate", "100", "--io-threads", "2", "--retain-bytes", "64MiB",
];

// --- those who behave ------------------------------------------------------------------------------------------------

/** Publishes 1, 2, 3, ... and counts what is acknowledged. */
class Publisher {
  published = 0;
  acknowledged = 0;
  refused = [];

  constructor(url, channel) {
    this.socket = io(url + channel, {
      forceNew: true, retries: 100, ackTimeout: 5_000, reconnectionDelay: 50, reconnectionDelayMax: 500,
      transports: ["websocket"], auth: { history: 0, name: "publisher" },
    });
  }
  publish(filler) {
    const number = ++this.published;
    this.socket.emit("chat message", { number, filler }, `key ${number}`, (error, ack) => {
      if (error || ack.error) this.refused.push(error ?? ack.error);
      else this.acknowledged++;
    });
  }
}

/** Expects 1, 2, 3, ... from its channel's publisher, whatever happens to its connection; what others say is not counted. */
class Reader {
  seen = 0;
  offset = 0;
  wrong = [];

  constructor(url, channel, transports) {
    this.socket = io(url + channel, {
      forceNew: true, transports, reconnectionDelay: 50, reconnectionDelayMax: 500,
      auth: (give) => give({ serverOffset: this.offset }),
    });
    this.socket.on("chat message", (payload, offset) => {
      if (offset <= this.offset) this.wrong.push(`offset ${offset} after ${this.offset}`);
      this.offset = offset;
      if (payload?.number === undefined) return;
      if (payload.number !== this.seen + 1) this.wrong.push(`${payload.number} after ${this.seen}`);
      this.seen = payload.number;
    });
  }
  /** Not in the middle of an upgrade: closed there, the stock client itself delivers twice what its last poll brought. */
  drop() {
    const { engine } = this.socket.io;
    if (engine?.upgrading) engine.once("upgrade", () => setTimeout(() => engine.close()));
    else engine?.close();
  }
}

// --- those who do not ------------------------------------------------------------------------------------------------

const head = (target, fields = "", method = "GET") => `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;
const UPGRADE =
  "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

/** A frame as a client masks it, with a mask of zeros. */
function frame(text, opcode = 0x1) {
  const payload = Buffer.from(text);
  const length =
    payload.length < 126 ? [0x80 | payload.length] : [0x80 | 126, payload.length >> 8, payload.length & 0xff];
  return Buffer.concat([Buffer.from([0x80 | opcode, ...length, 0, 0, 0, 0]), payload]);
}

/** Each gets a fresh connection, a die and a timer of its own (`later`). */
const ATTACKS = {
  "says nothing": () => {},
  "goes away at once": (socket) => socket.end(),
  "half a head": (socket) => socket.write("GET / HTTP/1.1\r\nHost: loc"),
  "a head byte by byte": (socket, die, later) => {
    socket.write("GET / HTTP/1.1\r\nX: ");
    later(() => socket.write("x"), 500);
  },
  "garbage": (socket, die) => socket.write(Buffer.from(Array.from({ length: 300 }, () => die() * 256))),
  "two lengths": (socket) => socket.write(head("/", "Content-Length: 1\r\nContent-Length: 2\r\n")),
  "a huge head": (socket) => socket.write(head("/", `X: ${"x".repeat(30_000)}\r\n`)),
  "a huge body": (socket) => socket.write(head(`${PATH}polling`, "Content-Length: 99999999\r\n", "POST")),
  "another name": (socket) => socket.write(head(`${PATH}polling`).replace("localhost", "rebound.example")),
  "a foreign page": (socket) => socket.write(head(`${PATH}polling`, "Origin: https://stranger.example\r\n")),
  "pipelines": (socket) => socket.write(head("/healthz").repeat(500)),
  "does not read": (socket) => socket.pause().write(head("/socket.io/socket.io.js.map").repeat(20)),
  "reads byte by byte": (socket, die, later) => {
    socket.pause().write(head("/socket.io/socket.io.js.map"));
    later(() => socket.read(1), 1000);
  },
  "opens and leaves a session": (socket) => socket.end(head(`${PATH}polling`)),
  "guesses sessions": (socket, die) => socket.write(head(`${PATH}polling&sid=000${String(die()).slice(2).padEnd(20, "0")}`)),
  "joins nothing": (socket) => socket.write(head(`${PATH}websocket`, UPGRADE)),
  "not masked": webSocket(() => Buffer.from([0x81, 0x01, 0x34])),
  "reserved bits": webSocket(() => Buffer.from([0xf1, 0x81, 0, 0, 0, 0, 0x34])),
  "announces a terabyte": webSocket(() => Buffer.from([0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0])),
  "half a message": webSocket(() => Buffer.concat([frame("40"), Buffer.from([0x81, 0x8a, 0, 0, 0, 0, 0x34])])),
  "no UTF-8": webSocket(() => frame(Buffer.from([0x34, 0xff]))),
  "no packet": webSocket(() => frame("9")),
  "no JSON": webSocket(() => Buffer.concat([frame("40"), frame('42["chat message",{]')])),
  "deep JSON": webSocket(() => Buffer.concat([frame("40"), frame(`421["chat message",${"[".repeat(200)}${"]".repeat(200)}]`)])),
  "odd keys": webSocket(() => Buffer.concat([frame("40"), frame('421["chat message",{"__proto__":{"x":1}}]')])),
  "lying placeholders": webSocket(() => Buffer.concat([frame("40"), frame('451-["chat message",{"_placeholder":true,"num":7}]')])),
  "attachments that do not come": webSocket(() => Buffer.concat([frame("40"), frame('453-["chat message",1]')])),
  "forged sessions": webSocket(() => frame('40{"pid":"forged","offset":"0123456789abcdef.1"}')),
  "joins and leaves": webSocket(() => Buffer.concat(new Array(100).fill([frame("40/chat/soak-a,"), frame("41/chat/soak-a,")]).flat())),
  "pings": webSocket(() => Buffer.concat(new Array(300).fill(frame("x".repeat(100), 0x9)))),
  "floods events": webSocket(() =>
    Buffer.concat([frame("40/chat/flood,"), ...new Array(300).fill(frame('42/chat/flood,1["chat message","flood"]'))])),
  "joins and does not read": webSocket(() => frame('40/chat/soak-b,{"serverOffset":0}'), (socket) => socket.pause()),
  "wrong auth": webSocket(() => frame('40{"serverOffset":[]}')),
  "foreign channels": webSocket(() => frame("40/admin,")),
};

/** Opens a WebSocket and sends these bytes once it is open. */
function webSocket(bytes, then = () => {}) {
  return (socket) => {
    socket.write(head(`${PATH}websocket`, UPGRADE));
    socket.once("data", () => {
      socket.write(bytes());
      then(socket);
    });
  };
}

class Attackers {
  attacks = 0;
  #sockets = new Set(); // oldest first
  #kinds = Object.entries(ATTACKS);
  #die;
  #port;

  constructor(port, die) {
    this.#port = port;
    this.#die = die;
  }
  get kinds() {
    return this.#kinds.length;
  }
  attack() {
    // Each kind in turn, so that a short run has them all.
    const [, attack] = this.#kinds[this.attacks++ % this.#kinds.length];
    const socket = net.connect(this.#port, "127.0.0.1");
    this.#sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", () => {});
    let timer;
    socket.on("close", () => {
      clearInterval(timer);
      this.#sockets.delete(socket);
    });
    socket.on("connect", () => attack(socket, this.#die, (act, every) => (timer = setInterval(act, every))));
    if (this.#sockets.size > ATTACKERS_AT_ONCE) this.#sockets.values().next().value.destroy();
  }
  leave() {
    for (const socket of this.#sockets) socket.destroy();
  }
}

// --- the run ---------------------------------------------------------------------------------------------------------

/** What the server's descriptors lead to. */
function descriptors(pid) {
  return readdirSync(`/proc/${pid}/fd`).flatMap((one) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${one}`)];
    } catch {
      return []; // closed meanwhile
    }
  });
}
const sockets = (pid) => descriptors(pid).filter((one) => one.startsWith("socket:")).length;
/**
 * MiB of memory: the server's own, and what it has mapped of files. Of the latter the same page of the database counts
 * once for each reader that looked at it, and the kernel takes it back whenever it wants: it goes up and down with what
 * is replayed, by as much as the database has bytes, and says nothing about a leak.
 */
function memory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const of = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)[1]) / 1024;
  return { own: of("RssAnon"), mapped: of("RssFile") };
}
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/**
 * Runs for so many seconds and gives {samples, wrong, acknowledged, attacks, kinds}; `wrong` says what broke the promise.
 * `print` is given each line of the table.
 */
export async function soak({ seconds, seed, backend = "sqlite", print = () => {} }) {
  const server = await startServer({ args: ["--backend", backend, ...SERVER] });
  const { pid, url, port } = server;
  const die = seeded(seed);
  const publishers = CHANNELS.map((channel) => new Publisher(url, channel));
  const readers = CHANNELS.flatMap((channel) =>
    [["websocket"], ["polling"], ["polling", "websocket"]].map((transports) => new Reader(url, channel, transports)),
  );
  const everybody = [...publishers, ...readers];
  await waitFor(() => everybody.every(({ socket }) => socket.connected), { what: "all clients" });
  const attackers = new Attackers(port, die);
  const filler = "x".repeat(MESSAGE_BYTES);
  const pick = (list) => list[Math.floor(die() * list.length)];
  let dropped = 0;
  const drop = () => {
    dropped++;
    if (die() < 0.3) pick(publishers).socket.io.engine?.close();
    else pick(readers).drop();
  };
  const timers = [
    setInterval(() => publishers.forEach((one) => one.publish(filler)), MESSAGE_EVERY_MS),
    setInterval(() => attackers.attack(), Math.min(ATTACK_EVERY_MS, (1000 * seconds) / (2 * attackers.kinds))),
    setInterval(drop, Math.min(DROP_EVERY_MS, (1000 * seconds) / 4)),
  ];
  const samples = [];
  const began = performance.now();
  const sum = (list, key) => list.reduce((total, one) => total + one[key], 0);
  const sample = () => {
    const passed = (performance.now() - began) / 1000;
    const { own, mapped } = memory(pid);
    samples.push({ passed, own, descriptors: descriptors(pid).length });
    const columns = [
      (passed / 60).toFixed(1), own.toFixed(1), mapped.toFixed(1), descriptors(pid).length, sum(publishers, "acknowledged"), sum(readers, "seen"),
      attackers.attacks, dropped, cpuSeconds(pid).toFixed(1),
    ];
    print(columns.map((one) => String(one).padStart(10)).join(""));
  };
  print(
    ["minute", "own MiB", "mapped", "files", "stored", "delivered", "attacks", "drops", "CPU s"].map((one) => one.padStart(10)).join(""),
  );
  const every = setInterval(sample, Math.max(500, (1000 * seconds) / 30));
  await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
  for (const timer of [...timers, every]) clearInterval(timer);
  attackers.leave();

  const wrong = [];
  const check = (condition, what) => waitFor(condition, { timeout: 60_000, what }).catch((error) => wrong.push(error.message));
  await check(() => publishers.every((one) => one.acknowledged + one.refused.length === one.published), "all acks");
  await check(() => readers.every((one, i) => one.seen >= publishers[Math.floor(i / 3)].published), "all deliveries");
  for (const [i, one] of publishers.entries()) {
    for (const why of one.refused) wrong.push(`${CHANNELS[i]}: refused: ${JSON.stringify(why)}`);
  }
  for (const [i, one] of readers.entries()) {
    for (const what of one.wrong) wrong.push(`${CHANNELS[Math.floor(i / 3)]}, reader ${i % 3}: ${what}`);
  }
  for (const { socket } of everybody) socket.disconnect();
  const idle = await startServer({ args: ["--backend", backend, ...SERVER] });
  const [own, files] = [sockets(idle.pid), descriptors(idle.pid).length];
  await idle.stop();
  await check(() => sockets(pid) === own, `the ${own} sockets of an idle server`);
  // An engine keeps readers that were once opened.
  if (descriptors(pid).length > files + ENGINE_FILES) wrong.push(`files left open: ${descriptors(pid).join(" ")}`);
  sample();
  // What grows for ever grows in the second half as well.
  const half = samples.slice(Math.floor(samples.length / 2), -1);
  const third = Math.max(1, Math.floor(half.length / 3));
  const growth = median(half.slice(-third).map(({ own }) => own)) - median(half.slice(0, third).map(({ own }) => own));
  const { code } = await server.stop();
  if (code !== 0) wrong.push(`the server ended with ${code}: ${server.stderr.slice(-2000)}`);
  return { samples, wrong, growth, acknowledged: sum(publishers, "acknowledged"), attacks: attackers.attacks, kinds: attackers.kinds };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "30" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      backend: { type: "string", default: "sqlite" },
    },
  });
  console.log(`seed ${values.seed}, ${values.backend}, ${values.minutes} minutes`);
  const result = await soak({
    seconds: 60 * Number(values.minutes), seed: Number(values.seed), backend: values.backend, print: console.log,
  });
  const cpu = process.cpuUsage();
  console.log(`stored ${result.acknowledged}, attacks ${result.attacks} of ${result.kinds} kinds`);
  console.log(`its own memory grew by ${result.growth.toFixed(1)} MiB in the second half; the clients took ${((cpu.user + cpu.system) / 1e6).toFixed(0)} CPU s`);
  if (Number(values.minutes) < MINUTES_TO_JUDGE_MEMORY) {
    console.log("too short to judge the memory: the tails fill for five minutes, and the second half is what counts");
  } else if (result.growth > 8) {
    result.wrong.push("memory is not flat");
  }
  for (const what of result.wrong.slice(0, 50)) console.log(`WRONG: ${what}`);
  console.log(result.wrong.length === 0 ? "nothing lost, doubled or out of order" : `${result.wrong.length} broken promises`);
  process.exit(result.wrong.length === 0 ? 0 : 1);
}
