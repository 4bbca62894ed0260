// `tidemark tail -f` of a server that gives it a hard time: a stand-in, so that each hardship comes when it is meant to.
import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { Command } from "./commands.mjs";
import { waitFor } from "./support.mjs";

const EPOCHS = ["00000000000000aa", "00000000000000bb"];
const record = (offset) => ({
  offset, time: "2026-11-25T22:00:00.000Z", channel: "/a", event: "chat message", sender: "Ann", payload: `m ${offset}`,
});
const range = (first, last) => Array.from({ length: last - first + 1 }, (_, i) => first + i);

/** What a server's API says of a log that a test changes at will. */
class StandIn {
  epoch = EPOCHS[0];
  first = 1;
  head = 0;
  damaged = new Set();
  streams = []; // `after` of each that was asked for
  /** Called with (after, response) instead of the usual stream; true: it has answered. */
  instead = () => false;
  insteadOfLog = () => false;
  #open = new Set();

  static async start(t) {
    const server = new StandIn();
    server.http = http.createServer((request, response) => server.answer(new URL(request.url, "http://localhost"), response));
    await new Promise((resolve) => server.http.listen(0, "localhost", resolve));
    server.url = `http://localhost:${server.http.address().port}`;
    t.after(() => (server.http.close(), server.http.closeAllConnections()));
    return server;
  }

  answer(url, response) {
    const json = (body) => response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
    const { epoch, first, head } = this;
    const after = Number(url.searchParams.get("after"));
    if (url.pathname === "/api/v1/info") return json({ epoch, first, head, holes: [] });
    if (url.pathname === "/api/v1/losses") return json({ epoch, losses: [] });
    if (url.pathname === "/api/v1/log") return this.insteadOfLog(after, response) || this.log(url, response);
    this.streams.push(after);
    if (!this.instead(after, response)) this.stream(after, response);
  }

  /** The records after `after`; a damaged one ends them. */
  *records(after, before = this.head + 1) {
    for (let at = after + 1; at < before; at++) {
      if (this.damaged.has(at)) {
        yield { error: { code: "damaged", message: `the record at offset ${at} is damaged`, offset: at } };
        return;
      }
      yield record(at);
    }
  }
  log(url, response) {
    const [after, before] = ["after", "before"].map((name) => Number(url.searchParams.get(name)));
    response.writeHead(200, { "content-type": "application/x-ndjson", "Tidemark-First": this.first, "Tidemark-Head": this.head });
    for (const line of this.records(after, before)) response.write(`${JSON.stringify(line)}\n`);
    response.end();
  }

  greet(after, response) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    this.send(response, "log", { epoch: this.epoch, first: this.first, head: this.head, after, resumed: false });
  }
  send(response, event, data) {
    response.write(`${event ? `event: ${event}\n` : ""}data: ${JSON.stringify(data)}\n\n`);
  }
  stream(after, response) {
    this.greet(after, response);
    for (const one of this.records(after)) {
      this.send(response, one.error ? "unreadable" : "", one);
      if (one.error) return response.end();
    }
    this.#open.add(response);
    response.on("close", () => this.#open.delete(response));
  }
  publish() {
    this.head++;
    for (const response of this.#open) this.send(response, "", record(this.head));
  }
  endStreams() {
    for (const response of this.#open) response.end();
  }
}

const follow = (t, server, ...args) =>
  new Command(t, ["tail", "-f", "--from", "earliest", "--url", server.url, "--format", "{offset}", ...args]);
const shown = (command) => command.lines().map(Number);

test("damage among what comes is named and passed over", async (t) => {
  const server = await StandIn.start(t);
  server.head = 2;
  const command = follow(t, server);
  await command.prints(2);
  await waitFor(() => server.streams.length > 0, { what: "a stream" });
  server.damaged.add(4).add(5);
  server.head = 7; // 3 and what follows is read again, as after a restart
  server.endStreams();
  await command.prints(5);
  server.publish();
  await command.prints(6);
  assert.deepEqual(shown(command), [1, 2, 3, 6, 7, 8]);
  assert.match(command.stderr, /offset 4 is damaged\n[^]*offset 5 is damaged\n/);
  assert.equal((await command.interrupt()).code, 130);
});

test("damage that was passed over makes the exit status 1", async (t) => {
  const server = await StandIn.start(t);
  const command = follow(t, server, "--count", "2");
  await waitFor(() => server.streams.length > 0, { what: "a stream" });
  server.damaged.add(1);
  server.head = 3;
  server.endStreams();
  assert.deepEqual((await command.ended()).code, 1);
  assert.deepEqual(shown(command), [2, 3]);
});

test("damage in a channel that is read alone does not make all others be read", async (t) => {
  const server = await StandIn.start(t);
  server.head = 6;
  server.damaged.add(2).add(5);
  const asked = [];
  server.insteadOfLog = (after, response) => void asked.push(response.req.url);
  const command = new Command(t, ["tail", "/a", "--from", "earliest", "--url", server.url, "--format", "{offset}"]);
  assert.equal((await command.ended()).code, 1);
  assert.deepEqual(shown(command), [1, 3, 4, 6]);
  assert.match(command.stderr, /offset 2 is damaged\n[^]*offset 5 is damaged\n/);
  assert.ok(asked.length >= 3 && asked.every((url) => url.includes("channel=")), asked.join(" "));
});

test("what could not be read for the moment is asked for again", async (t) => {
  const server = await StandIn.start(t);
  server.head = 3;
  server.instead = (after, response) => {
    if (server.streams.length > 2) return false;
    server.greet(after, response);
    server.send(response, "unreadable", { error: { code: "read_failed", message: "come back" } });
    response.end();
    return true;
  };
  const command = follow(t, server);
  await command.prints(3);
  await waitFor(() => server.streams.length > 2, { what: "another stream" });
  server.publish();
  await command.prints(4);
  assert.deepEqual(shown(command), range(1, 4));
  assert.equal((await command.interrupt()).code, 130);
});

test("a server that breaks off while it gives what is there is waited for", async (t) => {
  const server = await StandIn.start(t);
  server.head = 5;
  server.insteadOfLog = (after, response) => {
    server.insteadOfLog = () => false;
    response.writeHead(200, { "content-type": "application/x-ndjson", "Tidemark-First": 1, "transfer-encoding": "chunked" });
    response.write(`${JSON.stringify(record(1))}\n${JSON.stringify(record(2))}\n`, () => response.destroy());
    return true;
  };
  const command = follow(t, server);
  await command.prints(5);
  assert.deepEqual(shown(command), range(1, 5));
  assert.equal((await command.interrupt()).code, 130);
});

test("another log is shown from its beginning", async (t) => {
  const server = await StandIn.start(t);
  server.head = 4;
  const command = follow(t, server);
  await command.prints(4);
  await waitFor(() => server.streams.length > 0, { what: "a stream" });
  server.epoch = EPOCHS[1];
  server.first = 2;
  server.head = 6;
  server.endStreams();
  await command.prints(9);
  assert.deepEqual(shown(command), [...range(1, 4), ...range(2, 6)]);
  assert.match(command.stderr, new RegExp(`a new epoch, ${EPOCHS[1]}: it is another log, shown from its beginning`));
});

test("another log is noticed by the stream's greeting, too", async (t) => {
  const server = await StandIn.start(t);
  server.head = 3;
  server.instead = () => {
    if (server.epoch === EPOCHS[0]) [server.epoch, server.head] = [EPOCHS[1], 5]; // since it was asked for its head
    return false;
  };
  const command = follow(t, server);
  await command.prints(8);
  assert.deepEqual(shown(command), [...range(1, 3), ...range(1, 5)]);
});

test("a server that has no stream to give is asked again, more and more seldom", async (t) => {
  const server = await StandIn.start(t);
  const times = [];
  server.instead = (after, response) => {
    times.push(performance.now());
    response.writeHead(503, { "content-type": "application/json" });
    response.end('{"error":{"code":"busy","message":"too many streams"}}');
    return times.length < 6;
  };
  const refuse = server.instead;
  server.instead = (after, response) => (times.length < 5 ? refuse(after, response) : false);
  const command = follow(t, server);
  await waitFor(() => server.streams.length > 5, { what: "six streams" });
  // It may wait longer than it means to, never shorter: 100 + 200 + 400 + 800 ms between five refusals.
  assert.ok(times[4] - times[0] >= 1400, `five refusals within ${times[4] - times[0]} ms`);
  await command.says(/too many streams; trying again\n$/);
  server.publish();
  await command.prints(1);
});

test("a gap is said once, however often the stream breaks behind it", async (t) => {
  const server = await StandIn.start(t);
  server.head = 1;
  const command = follow(t, server);
  await command.prints(1);
  server.head = 20;
  server.first = 21;
  server.instead = (after, response) => {
    if (after >= 20) return false;
    server.greet(after, response);
    server.send(response, "gap", { from: 2, to: 20, reason: "trimmed" });
    response.end();
    return true;
  };
  server.endStreams();
  await waitFor(() => server.streams.includes(20), { what: "a stream behind the gap" });
  server.publish();
  await command.prints(2);
  assert.deepEqual(shown(command), [1, 21]);
  assert.equal(command.stderr.match(/offsets 2 to 20 are missing/g).length, 1);
});
