// What the Socket.IO protocol's test suite (revision 5) checks of a server, in our words; its Engine.IO part is in
// engineio.test.mjs.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { echoServer, Socket } from "./support.mjs";

const server = echoServer({ before, after });

async function openSession(t) {
  const socket = new Socket(t, `${server.url}/socket.io/?EIO=4&transport=websocket`);
  assert.equal((await socket.next("the handshake"))[0], "0");
  return socket;
}

async function openNamespace(t) {
  const socket = await openSession(t);
  socket.send("40");
  assert.match(await socket.nextPacket("the CONNECT reply"), /^40\{/);
  assert.match(await socket.nextPacket("the auth event"), /^42\["auth"/);
  return socket;
}

const PLACEHOLDERS = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}';
const BYTES = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];

describe("CONNECT", () => {
  for (const [prefix, auth, expected] of [
    ["", "", "{}"],
    ["", '{"token":"123"}', '{"token":"123"}'],
    ["/custom,", "", "{}"],
    ["/custom,", '{"token":"abc"}', '{"token":"abc"}'],
  ]) {
    test(`"0${prefix}${auth}" is answered with a sid, and the server knows what the client said`, async (t) => {
      const socket = await openSession(t);
      socket.send(`40${prefix}${auth}`);
      const reply = await socket.nextPacket("the CONNECT reply");
      assert.ok(reply.startsWith(`40${prefix}{`), reply);
      const payload = JSON.parse(reply.slice(2 + prefix.length));
      assert.deepEqual(Object.keys(payload), ["sid"]);
      assert.equal(typeof payload.sid, "string");
      assert.equal(await socket.nextPacket("the auth event"), `42${prefix}["auth",${expected}]`);
    });
  }

  test("to an unknown namespace is refused with the reason", async (t) => {
    const socket = await openSession(t);
    socket.send("40/random");
    assert.equal(await socket.nextPacket("the refusal"), '44/random,{"message":"Invalid namespace"}');
  });

  test("that is none closes the connection", async (t) => {
    const socket = await openSession(t);
    socket.send("4abc");
    await socket.ends("the connection");
  });

  test("that never comes closes the connection", async (t) => {
    const socket = await openSession(t);
    await socket.ends("the connection");
  });
});

describe("DISCONNECT", () => {
  test("is not answered, and the heartbeat goes on", async (t) => {
    const socket = await openNamespace(t);
    socket.send("41");
    assert.equal(await socket.next("a ping"), "2");
  });

  test("from one namespace leaves the other", async (t) => {
    const socket = await openNamespace(t);
    socket.send("40/custom");
    assert.match(await socket.nextPacket("the CONNECT reply"), /^40\/custom,\{/);
    assert.match(await socket.nextPacket("the auth event"), /^42\/custom,\["auth"/);
    socket.send("41/custom");
    socket.send('42["message","still here"]');
    assert.equal(await socket.nextPacket("the echo"), '42["message-back","still here"]');
  });
});

describe("an event", () => {
  test("comes back with its arguments", async (t) => {
    const socket = await openNamespace(t);
    socket.send('42["message",1,"2",{"3":[true]}]');
    assert.equal(await socket.nextPacket("the echo"), '42["message-back",1,"2",{"3":[true]}]');
  });

  test("comes back with its attachments, in their order", async (t) => {
    const socket = await openNamespace(t);
    socket.send(`452-["message",${PLACEHOLDERS}]`);
    for (const bytes of BYTES) socket.send(bytes);
    assert.equal(await socket.nextPacket("the echo"), `452-["message-back",${PLACEHOLDERS}]`);
    for (const bytes of BYTES) assert.deepEqual(await socket.nextPacket("an attachment"), bytes);
  });

  test("that asks for an ack gets it under its id", async (t) => {
    const socket = await openNamespace(t);
    socket.send('42456["message-with-ack",1,"2",{"3":[false]}]');
    assert.equal(await socket.nextPacket("the ack"), '43456[1,"2",{"3":[false]}]');
  });

  test("with attachments that asks for an ack gets them back in it", async (t) => {
    const socket = await openNamespace(t);
    socket.send(`452-789["message-with-ack",${PLACEHOLDERS}]`);
    for (const bytes of BYTES) socket.send(bytes);
    assert.equal(await socket.nextPacket("the ack"), `462-789[${PLACEHOLDERS}]`);
    for (const bytes of BYTES) assert.deepEqual(await socket.nextPacket("an attachment"), bytes);
  });

  for (const [what, packet] of [
    ["of an unknown type", "4abc"],
    ["whose payload is no array", "42{}"],
    ["whose ack id is no number", '42abc["message-with-ack",1,"2",{"3":[false]}]'],
  ]) {
    test(`${what} closes the connection`, async (t) => {
      const socket = await openNamespace(t);
      socket.send(packet);
      await socket.ends("the connection");
    });
  }
});
