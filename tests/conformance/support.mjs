// The echo server (echo_server.cpp) for a test file, and sockets that hide nothing: each message, pings included, comes
// to the test in its order.
import { spawn } from "node:child_process";
import { join } from "node:path";
import WebSocket from "ws";
import { repositoryRoot, waitFor } from "../harness.mjs";
import { within } from "../e2e/support.mjs";

export const PING_INTERVAL_MS = 300;
export const PING_TIMEOUT_MS = 200;

const bin = process.env.TIDEMARK_ECHO_BIN ?? join(repositoryRoot, "build", "tests", "conformance", "echo-server");

/** Starts the server on a free port; `hooks` are the test file's before and after. */
export function echoServer({ before, after }) {
  const server = {};
  let child;
  before(async () => {
    let said = "";
    child = spawn(bin, ["0"], { stdio: ["ignore", "ignore", "pipe"] });
    process.on("exit", () => child.kill("SIGKILL"));
    child.on("error", (error) => (said += error.message));
    child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
    const started = await waitFor(() => /event=serving.*url=(\S+)/.exec(said), { what: `${bin} to serve` }).catch((error) => {
      throw new Error(`${error.message}; it said:\n${said}`);
    });
    server.url = started[1];
  });
  after(async () => {
    child.kill("SIGTERM");
    await within(new Promise((resolve) => child.exitCode === null ? child.once("exit", resolve) : resolve()), "its end");
  });
  return server;
}

/** A WebSocket whose messages and end are waited for. */
export class Socket {
  #messages = [];
  #wake = () => {};

  constructor(t, url) {
    this.ws = new WebSocket(url.replace(/^http/, "ws"), { perMessageDeflate: false });
    t.after(() => this.ws.terminate());
    this.ws.on("error", () => {}); // a handshake that was refused; `closed` tells it, too
    this.closed = new Promise((resolve) => this.ws.on("close", (code) => resolve(code)));
    this.closed.then(() => this.#wake());
    this.ws.on("message", (data, isBinary) => {
      this.#messages.push(isBinary ? data : data.toString());
      this.#wake();
    });
  }

  async next(what = "a message") {
    while (this.#messages.length === 0) {
      if (this.ws.readyState === WebSocket.CLOSED) throw new Error(`closed instead of ${what}`);
      await within(new Promise((resolve) => (this.#wake = resolve)), what);
    }
    return this.#messages.shift();
  }

  /** The next message that is no ping; pings are answered. */
  async nextPacket(what) {
    for (;;) {
      const message = await this.next(what);
      if (message !== "2") return message;
      this.ws.send("3");
    }
  }

  send(message) {
    this.ws.send(message);
  }

  /** Resolves when the server has ended it. */
  async ends(what) {
    return within(this.closed, what);
  }
}

export { within };
