// What a client is given at CONNECT: every situation in which it may come back, with raw CONNECT packets so that
// exactly what is sent is known. Each checks for exactly the missed records, in order, none twice.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  assertInOrderOnce, backend, Client, newChannel, numbered, parseDelivery, publishFromElsewhere, RawPolling,
  RawWebSocket, serve, waitFor, within,
} from "./support.mjs";

let server;
before(async () => {
  server = await serve();
});
after(() => server.stop());

const FOREIGN_EPOCH = "0123456789abcdef";

/** A channel with five records; `at[i]` is the i-th one's {offset, position, payload}. */
async function channelWithFive(t) {
  const channel = newChannel();
  await publishFromElsewhere(server.url, channel, numbered("m", 5));
  const raw = await RawWebSocket.open(t, server.url);
  const { type, ...session } = await raw.connect(channel);
  assert.equal(type, 0);
  const at = await raw.deliveries(5);
  return { channel, raw, session, at };
}

const asJson = (payloads) => payloads.map((payload) => JSON.stringify(payload));

/** Sends CONNECT with `auth` on a new connection; checks that exactly `expected` payloads follow, then live ones. */
async function comesBackTo(t, { channel, auth, expected, url = server.url, open = RawWebSocket.open }) {
  const raw = await open(t, url);
  const { type, ...session } = await raw.connect(channel, auth);
  assert.equal(type, 0, `CONNECT was refused: ${JSON.stringify(session)}`);
  assert.deepEqual(Object.keys(session), ["sid", "pid"]);
  const [marker] = await publishFromElsewhere(url, channel, ["marker"]);
  const deliveries = await raw.deliveriesUpTo(marker.offset);
  assertInOrderOnce(deliveries.map((one) => one.offset));
  assert.deepEqual(deliveries.map((one) => one.payload), asJson([...expected, "marker"]));
  return { raw, session, deliveries };
}

describe("a known session within its window", () => {
  test("gets its sid and pid again and everything after its offset", async (t) => {
    const { channel, raw, session, at } = await channelWithFive(t);
    raw.terminate();
    await raw.closed;
    const back = await comesBackTo(t, {
      channel,
      auth: { pid: session.pid, offset: at[2].position },
      expected: ["m 3", "m 4"],
    });
    assert.deepEqual(back.session, session);
  });

  test("gets nothing again if it has missed nothing", async (t) => {
    const { channel, raw, session, at } = await channelWithFive(t);
    raw.terminate();
    const back = await comesBackTo(t, { channel, auth: { pid: session.pid, offset: at[4].position }, expected: [] });
    assert.deepEqual(back.session, session);
  });

  test("works again and again, each time from the newest offset", async (t) => {
    const { channel, raw, session, at } = await channelWithFive(t);
    let [connection, position] = [raw, at[4].position];
    for (let round = 0; round < 5; round++) {
      connection.terminate();
      await publishFromElsewhere(server.url, channel, [`round ${round}`]);
      const back = await comesBackTo(t, {
        channel,
        auth: { pid: session.pid, offset: position },
        expected: [`round ${round}`],
      });
      assert.deepEqual(back.session, session);
      [connection, position] = [back.raw, back.deliveries.at(-1).position];
    }
  });

  test("that had received nothing yet gets everything since it started", async (t) => {
    const channel = newChannel();
    const raw = await RawWebSocket.open(t, server.url);
    const { type, ...session } = await raw.connect(channel);
    raw.terminate();
    await publishFromElsewhere(server.url, channel, numbered("m", 3));
    const back = await comesBackTo(t, { channel, auth: { pid: session.pid }, expected: numbered("m", 3) });
    assert.deepEqual(back.session, session);
  });

  test("that had received nothing yet and started late gets only what came since it started", async (t) => {
    const { channel, at } = await channelWithFive(t);
    const auth = { serverOffset: at[4].offset };
    const raw = await RawWebSocket.open(t, server.url);
    const { type, ...session } = await raw.connect(channel, auth);
    raw.terminate();
    await publishFromElsewhere(server.url, channel, numbered("late", 3));
    const back = await comesBackTo(t, { channel, auth: { pid: session.pid, ...auth }, expected: numbered("late", 3) });
    assert.deepEqual(back.session, session);
  });

  test("takes over at once while its old connection is still open, and the old one gets nothing more", async (t) => {
    const { channel, raw, session, at } = await channelWithFive(t);
    const back = await comesBackTo(t, {
      channel,
      auth: { pid: session.pid, offset: at[3].position },
      expected: ["m 4"],
    });
    assert.deepEqual(back.session, session);
    const left = raw.inbox.all.slice(1 + 5); // behind the CONNECT reply and five deliveries
    assert.ok(!left.some((message) => String(message).includes("marker")), `the old connection got ${left}`);
    raw.terminate();
    await raw.closed;
    await publishFromElsewhere(server.url, channel, ["after the old one's death"]);
    const [next] = await back.raw.deliveries(1);
    assert.equal(next.payload, '"after the old one\'s death"');
  });

  test("can be taken over again and again: each time the one before it is closed", async (t) => {
    const { channel, raw, session, at } = await channelWithFive(t);
    let [holder, position] = [raw, at[4].position];
    for (let round = 0; round < 4; round++) {
      const auth = { pid: session.pid, offset: position };
      const back = await comesBackTo(t, { channel, auth, expected: [] });
      assert.deepEqual(back.session, session);
      await within(holder.closed, `holder ${round} to be closed`);
      [holder, position] = [back.raw, back.deliveries.at(-1).position];
    }
  });

  test("may change its transport on the way", async (t) => {
    const { channel, raw, session, at } = await channelWithFive(t);
    raw.terminate();
    const back = await comesBackTo(t, {
      channel,
      auth: { pid: session.pid, offset: at[1].position },
      expected: ["m 2", "m 3", "m 4"],
      open: RawPolling.open,
    });
    assert.deepEqual(back.session, session);
  });

  test("is a session of its own channel only", async (t) => {
    const { session } = await channelWithFive(t);
    const other = await channelWithFive(t);
    const back = await comesBackTo(t, {
      channel: other.channel,
      auth: { pid: session.pid, offset: other.at[3].position },
      expected: ["m 4"],
    });
    assert.notEqual(back.session.sid, session.sid);
    assert.notEqual(back.session.pid, session.pid);
  });

  test("with an offset that cannot be parsed starts a new one, and serverOffset decides", async (t) => {
    for (const offset of ["nonsense", "", "17", `${FOREIGN_EPOCH}.2`, 17, {}, "x".repeat(10_000)]) {
      const { channel, session, at } = await channelWithFive(t);
      const back = await comesBackTo(t, {
        channel,
        auth: { pid: session.pid, offset, serverOffset: at[3].offset },
        expected: ["m 4"],
      });
      assert.notEqual(back.session.pid, session.pid, `offset ${JSON.stringify(offset)}`);
    }
  });
});

describe("a channel left on purpose", () => {
  /** Leaves the channel and comes back, on the same connection: the one is certain to be taken before the other. */
  async function leavesAndComesBack(t, { url, channel, raw, session, at }) {
    await raw.sendPacket(`1${channel},`);
    const { type, ...next } = await raw.connect(channel, { pid: session.pid, offset: at[2].position });
    assert.equal(type, 0);
    assert.notEqual(next.sid, session.sid);
    assert.notEqual(next.pid, session.pid);
    assert.deepEqual((await raw.deliveries(2)).map((one) => one.payload), asJson(["m 3", "m 4"]));
    // Nor from any other connection.
    const back = await comesBackTo(t, {
      url,
      channel,
      auth: { pid: session.pid, offset: at[2].position },
      expected: ["m 3", "m 4"],
    });
    assert.notEqual(back.session.sid, session.sid);
    assert.notEqual(back.session.pid, session.pid);
  }

  test("is a session that is over: who comes back starts a new one", async (t) => {
    await leavesAndComesBack(t, { url: server.url, ...(await channelWithFive(t)) });
  });

  test("stays so if the session was from before a restart of the server", { skip: backend === "memory" }, async (t) => {
    const own = await serve(t);
    const channel = newChannel();
    await publishFromElsewhere(own.url, channel, numbered("m", 5));
    const before = await RawWebSocket.open(t, own.url);
    const { type, ...session } = await before.connect(channel);
    const at = await before.deliveries(5);
    await own.restart();
    const raw = await RawWebSocket.open(t, own.url);
    assert.deepEqual(await raw.connect(channel, { pid: session.pid, offset: at[4].position }), { type: 0, ...session });
    await leavesAndComesBack(t, { url: own.url, channel, raw, session, at });
  });
});

describe("an unknown session", () => {
  const forgeries = [
    ["made up", () => "AAAAAAAAAAAAAAAA"],
    ["empty", () => ""],
    ["no string", () => 17],
    ["an object", () => ({})],
    ["very long", () => "A".repeat(100_000)],
    ["changed in its first character", (pid) => (pid[0] === "A" ? "B" : "A") + pid.slice(1)],
    ["changed in its last character", (pid) => pid.slice(0, -1) + (/[A-P]$/.test(pid) ? "g" : "A")],
    ["cut short", (pid) => pid.slice(0, -1)],
    ["lengthened", (pid) => `${pid}A`],
    ["not text", () => "\u0000\u2028\ud83d"],
  ];
  for (const [what, forge] of forgeries) {
    test(`(pid ${what}) is a new one and gets everything after its offset`, async (t) => {
      const { channel, session, at } = await channelWithFive(t);
      const auth = { pid: forge(session.pid), offset: at[2].position };
      const back = await comesBackTo(t, { channel, auth, expected: ["m 3", "m 4"] });
      assert.notEqual(back.session.sid, session.sid);
      assert.notEqual(back.session.pid, session.pid);
      assert.notEqual(back.session.pid, auth.pid);
    });
  }

  test("gets everything after the newer of its offset and serverOffset", async (t) => {
    const { channel, at } = await channelWithFive(t);
    const pid = "unknown";
    await comesBackTo(t, {
      channel,
      auth: { pid, offset: at[1].position, serverOffset: at[3].offset },
      expected: ["m 4"],
    });
    const again = await channelWithFive(t);
    await comesBackTo(t, {
      channel: again.channel,
      auth: { pid, offset: again.at[3].position, serverOffset: again.at[1].offset },
      expected: ["m 4"],
    });
  });

  test("with a position of another log gets everything", async (t) => {
    const { channel } = await channelWithFive(t);
    await comesBackTo(t, {
      channel,
      auth: { pid: "unknown", offset: `${FOREIGN_EPOCH}.999999` },
      expected: numbered("m", 5),
    });
  });

  test("with a position of another log and a serverOffset gets everything after serverOffset", async (t) => {
    const { channel, at } = await channelWithFive(t);
    await comesBackTo(t, {
      channel,
      auth: { pid: "unknown", offset: `${FOREIGN_EPOCH}.1`, serverOffset: at[2].offset },
      expected: ["m 3", "m 4"],
    });
  });

  test("may hand over its offset without a pid, as a reloaded page does", async (t) => {
    const { channel, at } = await channelWithFive(t);
    await comesBackTo(t, { channel, auth: { offset: at[2].position }, expected: ["m 3", "m 4"] });
  });
});

describe("serverOffset", () => {
  for (const [what, auth] of [
    ["missing", undefined],
    ["missing in an object", {}],
    ["null", { serverOffset: null }],
    ["0", { serverOffset: 0 }],
    ["negative", { serverOffset: -1 }],
    ["beyond the head", { serverOffset: 2 ** 40 }],
    ["beyond every head", { serverOffset: Number.MAX_SAFE_INTEGER }],
  ]) {
    test(`${what} gives everything`, async (t) => {
      const { channel } = await channelWithFive(t);
      await comesBackTo(t, { channel, auth, expected: numbered("m", 5) });
    });
  }

  test("of a record gives what comes after it", async (t) => {
    const { channel, at } = await channelWithFive(t);
    await comesBackTo(t, { channel, auth: { serverOffset: at[1].offset }, expected: numbered("m", 5).slice(2) });
  });

  test("of a record of another channel gives what comes after it in this one", async (t) => {
    const channel = newChannel();
    await publishFromElsewhere(server.url, channel, ["older"]);
    const [between] = await publishFromElsewhere(server.url, newChannel(), ["elsewhere"]);
    await publishFromElsewhere(server.url, channel, ["newer"]);
    await comesBackTo(t, { channel, auth: { serverOffset: between.offset }, expected: ["newer"] });
  });

  for (const wrong of [true, false, {}, [], [1], "banana", { offset: 1 }]) {
    test(`of a wrong type (${JSON.stringify(wrong)}) is a CONNECT_ERROR with a message`, async (t) => {
      const channel = newChannel();
      const raw = await RawWebSocket.open(t, server.url);
      const { type, ...answer } = await raw.connect(channel, { serverOffset: wrong });
      assert.equal(type, 4);
      assert.match(answer.message, /serverOffset/);
      // The mistake costs the attempt, not the connection.
      assert.equal((await raw.connect(channel, { serverOffset: 0 })).type, 0);
    });
  }
});

describe("history", () => {
  test("of N gives a first-time client the newest N", async (t) => {
    const { channel } = await channelWithFive(t);
    await comesBackTo(t, { channel, auth: { history: 2 }, expected: ["m 3", "m 4"] });
  });

  test("of more than there is gives everything", async (t) => {
    const { channel } = await channelWithFive(t);
    await comesBackTo(t, { channel, auth: { history: 1000 }, expected: numbered("m", 5) });
  });

  test("can be limited by the server, for those who have seen nothing yet only", async (t) => {
    const own = await serve(t, ["--history", "2"]);
    const channel = newChannel();
    const acks = await publishFromElsewhere(own.url, channel, numbered("m", 5));
    await comesBackTo(t, { url: own.url, channel, expected: ["m 3", "m 4"] });
    await comesBackTo(t, {
      url: own.url,
      channel,
      auth: { serverOffset: acks[1].offset },
      expected: ["m 2", "m 3", "m 4", "marker"],
    });
  });

  for (const [what, args, auth, before] of [
    ["none asked for", [], { history: 0 }, []],
    ["the newest 2 asked for", [], { history: 2 }, ["m 3", "m 4"]],
    ["the newest 2 configured", ["--history", "2"], {}, ["m 3", "m 4"]],
  ]) {
    test(`(${what}) skips nothing that came after a session began which had received nothing yet`, async (t) => {
      const own = args.length > 0 ? await serve(t, args) : server;
      const channel = newChannel();
      await publishFromElsewhere(own.url, channel, numbered("m", 5));
      const raw = await RawWebSocket.open(t, own.url);
      const { type, ...session } = await raw.connect(channel, auth);
      raw.terminate();
      await raw.closed;
      await publishFromElsewhere(own.url, channel, numbered("missed", 5));
      const back = await comesBackTo(t, {
        url: own.url,
        channel,
        auth: { pid: session.pid, ...auth },
        expected: [...before, ...numbered("missed", 5)],
      });
      assert.deepEqual(back.session, session);
    });
  }

  test("takes nothing from a client that knows where it was", async (t) => {
    const { channel, at } = await channelWithFive(t);
    await comesBackTo(t, {
      channel,
      auth: { history: 1, serverOffset: at[1].offset },
      expected: ["m 2", "m 3", "m 4"],
    });
  });
});

describe("after the recovery window", () => {
  test("the session is a new one, and still nothing is missing", async (t) => {
    const windowMs = 50;
    const own = await serve(t, ["--recovery-window", String(windowMs)]);
    const channel = newChannel();
    await publishFromElsewhere(own.url, channel, numbered("m", 5));
    const raw = await RawWebSocket.open(t, own.url);
    const { type, ...session } = await raw.connect(channel);
    const at = await raw.deliveries(5);
    raw.terminate();
    await raw.closed;
    const gone = performance.now();
    await waitFor(() => performance.now() - gone > 20 * windowMs, { what: "the window to pass" });
    const back = await comesBackTo(t, {
      url: own.url,
      channel,
      auth: { pid: session.pid, offset: at[2].position },
      expected: ["m 3", "m 4"],
    });
    assert.notEqual(back.session.sid, session.sid);
    assert.notEqual(back.session.pid, session.pid);
  });
});

describe("a restart of the server", { skip: backend === "memory" }, () => {
  for (const how of ["SIGKILL", "SIGTERM"]) {
    test(`after ${how} leaves sessions, records and positions what they were`, async (t) => {
      const own = await serve(t);
      const channel = newChannel();
      await publishFromElsewhere(own.url, channel, numbered("m", 5));
      const raw = await RawWebSocket.open(t, own.url);
      const { type, ...session } = await raw.connect(channel);
      const at = await raw.deliveries(5);
      const early = await RawWebSocket.open(t, own.url);
      const { type: earlyType, ...earlySession } = await early.connect(channel, { serverOffset: at[4].offset });
      if (how === "SIGTERM") await own.stop();
      await own.restart();
      const back = await comesBackTo(t, {
        url: own.url,
        channel,
        auth: { pid: session.pid, offset: at[2].position },
        expected: ["m 3", "m 4"],
      });
      assert.deepEqual(back.session, session);
      assert.equal(back.deliveries[0].position, at[3].position);
      // This one had received nothing before the restart: its pid alone says where it started.
      const earlyBack = await comesBackTo(t, {
        url: own.url,
        channel,
        auth: { pid: earlySession.pid },
        expected: ["marker"],
      });
      assert.deepEqual(earlyBack.session, earlySession);
    });
  }

  test("in the middle of publishing takes no acknowledged record from a client whose poll was held", async (t) => {
    const own = await serve(t);
    const channel = newChannel();
    const publisher = await Client.open(t, own.url, channel);
    const polling = await RawPolling.open(t, own.url);
    const { type, ...session } = await polling.connect(channel);
    await publisher.publish("first");
    let [{ position }] = await polling.deliveries(1);
    const held = polling.poll();
    const acked = [];
    const publishing = numbered("m", 50).map((payload) =>
      publisher.publish(payload).then(
        () => acked.push(payload),
        () => {}, // not acknowledged: stored or not, nothing was promised
      ),
    );
    await publishing[0];
    const { code } = await own.stop();
    assert.equal(code, 0);
    await held;
    const inTime = [];
    while (polling.inbox.unread > 0) inTime.push(...(await polling.deliveries(1)));
    position = inTime.at(-1)?.position ?? position;
    publisher.close();
    await own.start();
    const back = await RawWebSocket.open(t, own.url);
    assert.deepEqual(await back.connect(channel, { pid: session.pid, offset: position }), { type: 0, ...session });
    const [marker] = await publishFromElsewhere(own.url, channel, ["marker"]);
    const got = [...inTime, ...(await back.deliveriesUpTo(marker.offset))];
    assertInOrderOnce(got.map((one) => one.offset));
    const payloads = got.map((one) => JSON.parse(one.payload));
    assert.deepEqual(acked.filter((payload) => !payloads.includes(payload)), []);
  });

  test("from an empty data directory on the same port is another log, and its clients get all of that one", async (t) => {
    const own = await serve(t);
    const channel = newChannel();
    await publishFromElsewhere(own.url, channel, numbered("old", 5));
    const raw = await RawWebSocket.open(t, own.url);
    const { pid } = await raw.connect(channel);
    const at = await raw.deliveries(5);
    await own.kill9();
    const other = await serve(t, [], { port: own.port });
    await publishFromElsewhere(other.url, channel, numbered("new", 7));
    await comesBackTo(t, {
      url: other.url,
      channel,
      auth: { pid, offset: at[4].position },
      expected: numbered("new", 7),
    });
  });
});

test("the records replayed are those delivered live, with the same offsets and positions", async (t) => {
  const channel = newChannel();
  const live = await Client.open(t, server.url, channel);
  await live.publishAll(numbered("m", 40));
  await live.receives(40);
  const raw = await RawWebSocket.open(t, server.url);
  await raw.connect(channel);
  const replayed = (await raw.deliveries(40)).map(({ payload, ...rest }) => ({ payload: JSON.parse(payload), ...rest }));
  assert.deepEqual(replayed, live.messages().map(({ payload, offset, position }) => ({ payload, offset, position })));
});

test("the CONNECT reply comes before the first replayed record", async (t) => {
  const { channel, at } = await channelWithFive(t);
  const raw = await RawPolling.open(t, server.url);
  await raw.sendPacket(`0${channel},`);
  const first = await raw.nextPacket();
  assert.equal(first.type, 0);
  assert.equal(parseDelivery(await raw.nextPacket()).offset, at[0].offset);
});
