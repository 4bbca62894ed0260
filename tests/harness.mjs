// What tests of the running server share: start the binary, kill it, bring it back on the same port and data.
//
// The binary is the one named by TIDEMARK_BIN, or `build/tidemark` as ./dev build leaves it. Servers still alive when
// the test process ends are killed with it, and temporary directories are removed.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const repositoryRoot = fileURLToPath(new URL("..", import.meta.url));
export const tidemarkBin = process.env.TIDEMARK_BIN ?? join(repositoryRoot, "build", "tidemark");

/** How many times longer than usual things may take: for servers built with the compiler's checks. */
export const patience = Number(process.env.TIDEMARK_TEST_PATIENCE ?? 1);

const START_TIMEOUT_MS = 30_000 * patience;
const STOP_TIMEOUT_MS = 15_000 * patience;
const POLL_MS = 10;
const STDERR_KEPT_CHARS = 64 * 1024;

const children = new Set();
const directories = new Set();
process.on("exit", () => {
  for (const child of children) child.kill("SIGKILL");
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});
// The runner ends a test file that hangs with SIGTERM; without a handler no exit event would come.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));

/** An empty directory that is removed when the test process ends. */
export function tempDir(prefix = "tidemark-test-") {
  const directory = mkdtempSync(join(tmpdir(), prefix));
  directories.add(directory);
  return directory;
}

/**
 * A disk that can be filled: a file system in memory of `mebibytes`, mounted for the length of one test. Where it cannot
 * be mounted - that takes root - the test is skipped, saying so, and the answer is undefined.
 */
export function smallDisk(t, mebibytes) {
  const path = tempDir();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", path], { encoding: "utf8" });
  if (mounted.status !== 0) {
    t.skip(`a small file system cannot be mounted here: ${mounted.error?.message ?? mounted.stderr.trim()}`);
    return undefined;
  }
  t.after(() => spawnSync("umount", ["--lazy", path]));
  const filler = join(path, "filler");
  return {
    path,
    /** Leaves at most so many bytes free. */
    fill(leave = 0) {
      const { bavail, bsize } = statfsSync(path);
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - leave)));
    },
    makeRoom: () => rmSync(filler),
  };
}

/** The same numbers for the same seed (mulberry32). */
export function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let z = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    z = (z + Math.imul(z ^ (z >>> 7), 61 | z)) ^ z;
    return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A TCP port of this machine nobody listens on right now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Polls until `condition` gives a truthy value, and returns that value; a throwing condition counts as not yet. */
export async function waitFor(condition, { timeout = 10_000, what = String(condition) } = {}) {
  const deadline = performance.now() + timeout * patience;
  let lastError;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`waited ${timeout} ms in vain for: ${what}`, { cause: lastError });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Starts `tidemark serve` and waits until it says it is serving. `args` are further arguments of `serve`.
 *
 *   const server = await startServer();
 *   await server.kill9();     // SIGKILL, resolves once the process is gone
 *   await server.restart();   // same port, same data, same arguments (kills it first if it still runs)
 *   await server.stop();      // SIGTERM; resolves with {code, signal}, throws if it does not end in time
 */
export async function startServer({ bin = tidemarkBin, port, data, args = [], env = {} } = {}) {
  const server = new Server(bin, port ?? (await freePort()), data ?? tempDir(), args, env);
  await server.start();
  return server;
}

class Server {
  #bin;
  #args;
  #env;
  #child;
  #exited;

  constructor(bin, port, data, args, env) {
    this.#bin = bin;
    this.#args = args;
    this.#env = env;
    this.port = port;
    this.data = data;
    this.url = `http://localhost:${port}`;
    this.stderr = "";
  }

  get pid() {
    return this.#child?.pid;
  }

  get running() {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Resolves with {code, signal} once the process is gone, however it ended. */
  get exited() {
    return this.#exited;
  }

  async start() {
    const child = spawn(this.#bin, ["serve", "--port", String(this.port), "--data", this.data, ...this.#args], {
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, ...this.#env },
    });
    this.#child = child;
    this.stderr = "";
    children.add(child);
    this.#exited = new Promise((resolve) => {
      child.once("exit", (code, signal) => {
        children.delete(child);
        resolve({ code, signal });
      });
    });
    await new Promise((resolve, reject) => {
      const giveUp = (why) => reject(new Error(`${this.#bin} serve ${why}; it said:\n${this.stderr}`));
      const timer = setTimeout(() => {
        child.kill("SIGKILL");
        giveUp(`was not serving after ${START_TIMEOUT_MS} ms`);
      }, START_TIMEOUT_MS);
      child.once("error", (error) => {
        clearTimeout(timer);
        children.delete(child);
        giveUp(`could not be started (${error.message})`);
      });
      this.#exited.then(({ code, signal }) => {
        clearTimeout(timer);
        giveUp(`ended with ${signal ?? code} before it was serving`);
      });
      child.stderr.setEncoding("utf8");
      child.stderr.on("data", (chunk) => {
        this.stderr = (this.stderr + chunk).slice(-STDERR_KEPT_CHARS);
        if (/^.*\bevent=serving\b.*\n/m.test(this.stderr)) {
          clearTimeout(timer);
          resolve();
        }
      });
    });
  }

  /** SIGKILL: no handler runs, nothing is flushed. */
  async kill9() {
    if (this.running) this.#child.kill("SIGKILL");
    return this.#exited;
  }

  async stop() {
    if (!this.running) return this.#exited;
    this.#child.kill("SIGTERM");
    let timer;
    const tooLong = new Promise((_, reject) => {
      timer = setTimeout(() => {
        this.#child.kill("SIGKILL");
        reject(new Error(`the server did not end within ${STOP_TIMEOUT_MS} ms of SIGTERM; it said:\n${this.stderr}`));
      }, STOP_TIMEOUT_MS);
    });
    try {
      return await Promise.race([this.#exited, tooLong]);
    } finally {
      clearTimeout(timer);
    }
  }

  async restart() {
    await this.kill9();
    await this.start();
  }
}
