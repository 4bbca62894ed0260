// Every stock client gets the same: those that hand back a pid and an offset by themselves (socket.io-client from 4.6 on),
// and those whose app keeps the last offset in `auth.serverOffset` (socket.io-client before 4.6, python-socketio).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { io as io31 } from "socket.io-client-3.1";
import { io as io46 } from "socket.io-client-4.6";
import { io as io48 } from "socket.io-client";
import {
  assertInOrderOnce, assertStored, backend, Client, newChannel, newKey, numbered, publishFromElsewhere, serve,
  TRANSPORTS, waitFor, within,
} from "./support.mjs";

// Debian's packages are those of Debian's Python, whatever else is on the path.
const PYTHON = "/usr/bin/python3";
const PYTHON_CLIENT = fileURLToPath(new URL("python_client.py", import.meta.url));

/** A python-socketio client in a process of its own, with what the tests need of Client. */
class PythonClient {
  connects = [];
  disconnects = 0;
  received = [];
  stderr = "";
  #acks = new Map();

  constructor(t, url, channel, transports, serverOffset) {
    this.process = spawn(PYTHON, [PYTHON_CLIENT, url, channel, transports.join(","), String(serverOffset)]);
    this.process.stderr.on("data", (text) => (this.stderr += text));
    let rest = "";
    this.process.stdout.on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) this.#on(JSON.parse(line));
    });
    t.after(() => this.kill());
  }

  #on(line) {
    if (line.connected) this.connects.push({});
    if (line.disconnected) this.disconnects += 1;
    if (line.event) this.received.push({ payload: line.args[0], offset: line.args[1] });
    if (line.ack !== undefined) this.#acks.get(line.ack)(line.answer);
  }

  async connected(times = 1) {
    await waitFor(() => this.connects.length >= times, { what: `connect number ${times}` }).catch((error) => {
      throw new Error(`${error.message}; it said: ${this.stderr}`);
    });
  }
  publish(payload, key) {
    const id = this.#acks.size;
    const acknowledged = new Promise((resolve) => this.#acks.set(id, resolve));
    this.process.stdin.write(`${JSON.stringify({ id, payload, key })}\n`);
    return within(acknowledged, `the ack of ${payload}`);
  }
  payloads() {
    return this.received.map((one) => one.payload);
  }
  offsets() {
    return this.received.map((one) => one.offset);
  }
  receives(count) {
    return waitFor(() => this.received.length >= count, { what: `${count} messages; came: ${this.offsets()}` });
  }
  kill() {
    this.process.kill("SIGKILL");
  }
}

/** A release of socket.io-client. Without a pid the app keeps the offset, as the tutorial does. */
function javascript(io, withPid) {
  return async (t, url, channel, transports, serverOffset) => {
    let last = serverOffset;
    const auth = withPid && serverOffset === 0 ? {} : (callback) => callback({ serverOffset: last });
    const client = new Client(t, url, channel, { io, transports, auth });
    client.socket.on("chat message", (payload, offset) => (last = offset));
    client.kill = () => client.close();
    await client.connected();
    return client;
  };
}

async function python(t, url, channel, transports, serverOffset) {
  const client = new PythonClient(t, url, channel, transports, serverOffset);
  await client.connected();
  return client;
}

const CLIENTS = [
  { name: "socket.io-client 4.8", open: javascript(io48, true), recovers: true },
  { name: "socket.io-client 4.6", open: javascript(io46, true), recovers: true },
  { name: "socket.io-client 3.1", open: javascript(io31, false) },
  { name: "python-socketio", open: python },
];

const MANY = 40; // more packets than python-socketio takes in one poll, which is 16

for (const { name, open, recovers } of CLIENTS) {
  describe(name, () => {
    let server;
    before(async () => {
      server = await serve();
    });
    after(() => server.stop());

    for (const { name: how, transports } of TRANSPORTS) {
      test(`${how} chats, is acknowledged, and is given what it missed when it was gone`, async (t) => {
        const channel = newChannel();
        await publishFromElsewhere(server.url, channel, numbered("before", MANY));
        const client = await open(t, server.url, channel, transports, 0);
        const witness = await Client.open(t, server.url, channel);
        await client.receives(MANY);
        const key = newKey();
        const ack = await client.publish("mine", key);
        assertStored(ack);
        assert.deepEqual(await client.publish("mine", key), { offset: ack.offset, duplicate: true });
        await witness.receives(MANY + 1);
        await client.receives(MANY + 1);
        client.kill();

        await publishFromElsewhere(server.url, channel, numbered("missed", MANY));
        const back = await open(t, server.url, channel, transports, client.offsets().at(-1));
        await back.receives(MANY);
        await witness.publish("live");
        await back.receives(MANY + 1);
        const all = [...client.payloads(), ...back.payloads()];
        assert.deepEqual(all, [...numbered("before", MANY), "mine", ...numbered("missed", MANY), "live"]);
        assertInOrderOnce([...client.offsets(), ...back.offsets()]);
      });

      test(`${how} comes back by itself from a killed server`, { skip: backend === "memory" }, async (t) => {
        const channel = newChannel();
        const client = await open(t, server.url, channel, transports, 0);
        await client.publish("seen", newKey());
        await client.receives(1);
        await server.restart();
        await publishFromElsewhere(server.url, channel, numbered("after the kill", MANY));
        await client.connected(2);
        await client.receives(1 + MANY);
        if (recovers) assert.equal(client.connects.at(-1).recovered, true);
        await client.publish("mine", newKey());
        await client.receives(2 + MANY);
        assert.deepEqual(client.payloads(), ["seen", ...numbered("after the kill", MANY), "mine"]);
        assertInOrderOnce(client.offsets());
      });
    }
  });
}
