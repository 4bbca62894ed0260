// Requests sent without waiting for the answers before them: each has one answer, in its order, whatever becomes of the
// session they are for meanwhile.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import net from "node:net";
import { describe, test } from "node:test";
import { RawPolling, RawWebSocket, request, serve, waitFor } from "./support.mjs";

/** A bare connection that collects what it is answered. */
function connect(t, { port }) {
  const socket = net.connect(port, "localhost");
  t.after(() => socket.destroy());
  socket.on("error", () => {});
  socket.got = "";
  socket.setEncoding("utf8").on("data", (chunk) => (socket.got += chunk));
  socket.statuses = () => Array.from(socket.got.matchAll(/HTTP\/1\.1 (\d+) /g), ([, status]) => status);
  return socket;
}

const head = (method, path, fields = "") => `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;
const pathOf = ({ base }) => base.slice(new URL(base).origin.length);

describe("polls of one session, sent at once, of which an upgrade answers the first", () => {
  async function upgradeBesidePolls(t) {
    const own = await serve(t, ["--io-threads", "1", "--log-level", "debug"]);
    const polling = await RawPolling.open(t, own.url);
    const polls = connect(t, own);
    polls.write(head("GET", "/healthz"));
    await waitFor(() => polls.got.endsWith("ok\n"), { what: "the connection" });
    polls.got = "";
    polls.write(head("GET", pathOf(polling)).repeat(3));
    const socket = await RawWebSocket.open(t, own.url, { sid: polling.handshake.sid });
    socket.send("2probe");
    socket.send("5");
    await socket.connect("/");
    return { own, polls, socket };
  }

  test("are all answered: once the session is over its WebSocket, with 400", async (t) => {
    const { polls } = await upgradeBesidePolls(t);
    await waitFor(() => polls.statuses().length === 3, { what: "three answers" });
    assert.equal(polls.statuses().at(0), "200");
    assert.equal(polls.statuses().at(-1), "400");
  });

  test("cost nobody anything when their connection ends", async (t) => {
    const { own, polls, socket } = await upgradeBesidePolls(t);
    polls.destroy();
    assert.equal((await request(own.url, "/healthz")).status, 200);
    await socket.connect("/chat/after");
    assert.ok(own.running);
  });

  test("nor when it ends after the session", async (t) => {
    const { own, polls, socket } = await upgradeBesidePolls(t);
    socket.terminate();
    await waitFor(() => own.stderr.includes("event=session_closed"), { what: "the end of the session" });
    polls.destroy();
    for (let i = 0; i < 3; i++) assert.equal((await request(own.url, "/healthz")).status, 200);
    assert.ok(own.running);
  });
});

/** Whether all threads of the process are stopped: they are not yet when the signal is sent. */
function stopped(pid) {
  const states = readdirSync(`/proc/${pid}/task`).map((task) => readFileSync(`/proc/${pid}/task/${task}/stat`, "utf8"));
  return states.every((state) => state.slice(state.lastIndexOf(")")).startsWith(") T"));
}

test("a POST whose session ends while its body is on its way is answered once", async (t) => {
  const timeout = 1000;
  const own = await serve(t, ["--io-threads", "1", "--connect-timeout", String(timeout)]);
  const polling = await RawPolling.open(t, own.url); // sends no CONNECT
  const overdue = performance.now() + timeout + 50; // its clock is a coarse one
  const socket = connect(t, own);
  socket.write(head("POST", pathOf(polling), "Content-Length: 1\r\nExpect: 100-continue\r\n"));
  await waitFor(() => socket.statuses().length === 1, { what: "100 Continue" });
  // The process is stopped meanwhile: the body is the first that it sees when the time is over.
  process.kill(own.pid, "SIGSTOP");
  await waitFor(() => stopped(own.pid), { what: "every thread to stand still" });
  socket.write("3" + head("GET", "/healthz"));
  await waitFor(() => performance.now() > overdue, { what: "the connect timeout" });
  process.kill(own.pid, "SIGCONT");
  await waitFor(() => socket.got.endsWith("ok\n"), { what: "the answer to what was sent behind the POST" });
  assert.deepEqual(socket.statuses(), ["100", "400", "200"]);
});
