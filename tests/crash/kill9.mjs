// Kills a loaded server again and again and checks that nothing acknowledged is ever lost, moved or doubled.
//
//   node tests/crash/kill9.mjs --rounds 200 --seed 7 --backend sqlite
//
// Publishers (stock clients) keep messages in flight, each with a key of its own; what was not acknowledged when the
// server died is sent again with the same key. After a random moment the server gets SIGKILL and is started again on
// its data. Subscribers stay through all rounds. At the end the acknowledged (channel, key, offset) are compared with
// the log as a fresh client is given it and, for SQLite, as SQLite's own tool reads it.
//
// This is about the death of the process. It says nothing about power loss: the kernel keeps what was written.
// The moments come from the seed; what the machine does in between does not, so a seed does not repeat a run exactly.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { io } from "socket.io-client";
import { seeded, startServer, waitFor } from "../harness.mjs";

const CHANNELS = ["/chat/one", "/chat/two"];
const PUBLISHERS = 4; // two for each channel
const IN_FLIGHT = 16; // messages of one publisher that wait for their ack
const KILL_AFTER_MS = [20, 500];
const SETTLE_TIMEOUT_MS = 60_000;
const LISTED_PROBLEMS = 20;

function connect(url, channel, options = {}) {
  return io(url + channel, {
    forceNew: true,
    transports: ["websocket"],
    reconnectionDelay: 10,
    reconnectionDelayMax: 50,
    ...options,
  });
}

/** Keeps IN_FLIGHT messages on the way and notes what was acknowledged. */
class Publisher {
  attempted = new Set();
  acknowledged = new Map(); // key -> {offset, duplicate}
  refused = [];
  resent = 0;
  #inFlight = new Set();
  #again = [];
  #next = 0;
  #finishing = false;

  constructor(url, channel, name) {
    this.channel = channel;
    this.name = name;
    this.socket = connect(url, channel, { auth: { history: 1 } });
    this.socket.on("connect", () => this.#fill());
    this.socket.on("disconnect", () => {
      this.#again.push(...this.#inFlight);
      this.#inFlight.clear();
    });
  }

  /** No new messages; resolves when all attempted ones are acknowledged. */
  async finish() {
    this.#finishing = true;
    await waitFor(() => this.acknowledged.size + this.refused.length === this.attempted.size, {
      timeout: SETTLE_TIMEOUT_MS,
      what: `the acks of publisher ${this.name}`,
    });
    this.socket.disconnect();
  }

  #fill() {
    while (this.socket.connected && this.#inFlight.size < IN_FLIGHT) {
      let key = this.#again.shift();
      if (key !== undefined) this.resent++;
      else if (this.#finishing) return;
      else key = `${this.name}-${this.#next++}`;
      this.#send(key);
    }
  }

  #send(key) {
    this.attempted.add(key);
    this.#inFlight.add(key);
    this.socket.emit("chat message", { key, filler: "x".repeat(this.#next % 300) }, key, (answer) => {
      this.#inFlight.delete(key);
      if (answer?.offset === undefined) this.refused.push({ key, answer });
      else this.acknowledged.set(key, answer);
      this.#fill();
    });
  }
}

/** Writes down every record of its channel. */
class Subscriber {
  records = []; // {offset, key, epoch}
  connects = 0;
  recovered = 0;

  constructor(url, channel, options) {
    this.channel = channel;
    this.socket = connect(url, channel, options);
    this.socket.on("connect", () => {
      this.connects++;
      if (this.socket.recovered) this.recovered++;
    });
    this.socket.on("chat message", ({ key }, offset, position) => {
      this.records.push({ offset, key, epoch: position.split(".")[0] });
    });
  }

  async reaches(offset) {
    await waitFor(() => (this.records.at(-1)?.offset ?? 0) >= offset, {
      timeout: SETTLE_TIMEOUT_MS,
      what: `offset ${offset} at a subscriber of ${this.channel} (it has ${this.records.at(-1)?.offset})`,
    });
  }
}

/** What SQLite's own tool finds. */
function readWithSqlite(data, channel) {
  const file = join(data, "tidemark.sqlite3");
  const query = `select offset, client_key as key from messages where channel = '${channel}' order by offset`;
  const text = execFileSync("sqlite3", ["-readonly", "-json", file, query], {
    encoding: "utf8",
    maxBuffer: 1024 * 1024 * 1024,
  });
  return text.trim() === "" ? [] : JSON.parse(text);
}

/** Compares one view of a channel's log with what its publishers know. Adds a sentence per violation. */
function checkLog(name, log, publishers, problems) {
  const offsetOf = new Map();
  let last = 0;
  for (const { offset, key } of log) {
    if (offset <= last) problems.push(`${name}: offset ${offset} (${key}) follows ${last}`);
    last = offset;
    if (offsetOf.has(key)) problems.push(`${name}: ${key} is there twice, at ${offsetOf.get(key)} and ${offset}`);
    offsetOf.set(key, offset);
  }
  const attempted = new Set();
  for (const publisher of publishers) {
    for (const key of publisher.attempted) attempted.add(key);
    for (const [key, { offset }] of publisher.acknowledged) {
      const found = offsetOf.get(key);
      if (found !== offset) problems.push(`${name}: ${key} was acknowledged at ${offset} and is at ${found ?? "none"}`);
    }
  }
  for (const { offset, key } of log) {
    if (!attempted.has(key)) problems.push(`${name}: ${key} at ${offset} was never sent`);
  }
}

function checkSame(name, got, log, problems) {
  for (let i = 0; i < Math.max(got.length, log.length); i++) {
    if (got[i]?.offset !== log[i]?.offset || got[i]?.key !== log[i]?.key) {
      problems.push(`${name}: record ${i} is offset ${got[i]?.offset} (${got[i]?.key}), in the log ${log[i]?.offset} (${log[i]?.key})`);
      return;
    }
  }
}

export async function kill9({ rounds, seed, backend, report = () => {} }) {
  const random = seeded(seed);
  const server = await startServer({ args: ["--backend", backend] });
  const publishers = Array.from(
    { length: PUBLISHERS },
    (_, i) => new Publisher(server.url, CHANNELS[i % CHANNELS.length], `p${i}`),
  );
  const subscribers = CHANNELS.flatMap((channel) => [
    new Subscriber(server.url, channel),
    new Subscriber(server.url, channel, { transports: ["polling"] }),
    new Subscriber(server.url, channel, { transports: ["polling", "websocket"] }),
  ]);
  try {
    for (let round = 1; round <= rounds; round++) {
      await waitFor(() => publishers.some(({ socket }) => socket.connected), { what: "load" });
      const [least, most] = KILL_AFTER_MS;
      await new Promise((resolve) => setTimeout(resolve, least + random() * (most - least)));
      await server.restart();
      report(`round ${round}: ${publishers.reduce((sum, { acknowledged }) => sum + acknowledged.size, 0)} acknowledged`);
    }
    const problems = [];
    const note = (error) => problems.push(error.message);
    await Promise.all(publishers.map((publisher) => publisher.finish().catch(note)));
    for (const { key, answer } of publishers.flatMap(({ refused }) => refused)) {
      problems.push(`${key} was refused: ${JSON.stringify(answer)}`);
    }
    const epochs = new Set();
    let records = 0;
    for (const channel of CHANNELS) {
      const ours = publishers.filter((publisher) => publisher.channel === channel);
      let newest = 0;
      for (const { acknowledged } of ours) for (const { offset } of acknowledged.values()) newest = Math.max(newest, offset);
      const reader = new Subscriber(server.url, channel);
      await reader.reaches(newest).catch(note);
      reader.socket.disconnect();
      records += reader.records.length;
      checkLog(`replay of ${channel}`, reader.records, ours, problems);
      if (backend === "sqlite") {
        const log = readWithSqlite(server.data, channel);
        checkLog(`sqlite3 on ${channel}`, log, ours, problems);
        checkSame(`replay of ${channel}`, reader.records, log, problems);
      }
      for (const [i, subscriber] of subscribers.filter((one) => one.channel === channel).entries()) {
        await subscriber.reaches(newest).catch(note);
        checkSame(`subscriber ${i} of ${channel}`, subscriber.records, reader.records, problems);
      }
      for (const { epoch } of [...reader.records, ...subscribers.flatMap((one) => one.records)]) epochs.add(epoch);
    }
    if (epochs.size !== 1) problems.push(`the log had ${epochs.size} epochs: ${[...epochs].join(", ")}`);
    const acks = publishers.flatMap(({ acknowledged }) => [...acknowledged.values()]);
    return {
      problems,
      records,
      acknowledged: acks.length,
      resent: publishers.reduce((sum, publisher) => sum + publisher.resent, 0),
      duplicates: acks.filter(({ duplicate }) => duplicate).length,
      reconnects: subscribers.reduce((sum, { connects }) => sum + connects - 1, 0),
      recovered: subscribers.reduce((sum, subscriber) => sum + subscriber.recovered, 0),
    };
  } finally {
    for (const { socket } of [...publishers, ...subscribers]) socket.disconnect();
    await server.kill9();
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      rounds: { type: "string", default: "10" },
      seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 31)) },
      backend: { type: "string", default: "sqlite" },
      verbose: { type: "boolean", default: false },
    },
  });
  const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
  console.log(`seed ${seed}, ${rounds} rounds, backend ${values.backend}`);
  const result = await kill9({ rounds, seed, backend: values.backend, report: values.verbose ? console.log : undefined });
  const { problems, records, acknowledged, resent, duplicates, reconnects, recovered } = result;
  console.log(
    `${records} records, ${acknowledged} acknowledged; ${resent} sent again after a kill, ${duplicates} of them had been ` +
      `stored; ${recovered} of ${reconnects} reconnects of subscribers recovered their session`,
  );
  for (const problem of problems.slice(0, LISTED_PROBLEMS)) console.log(`  ${problem}`);
  if (problems.length > LISTED_PROBLEMS) console.log(`  and ${problems.length - LISTED_PROBLEMS} more`);
  console.log(
    problems.length === 0
      ? `PASS: process death, ${rounds} rounds, seed ${seed}: 0 acknowledged records lost, moved or doubled`
      : `FAIL: process death, ${rounds} rounds, seed ${seed}: ${problems.length} violations`,
  );
  process.exit(problems.length === 0 ? 0 : 1);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await main();
