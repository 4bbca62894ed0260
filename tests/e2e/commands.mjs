// What tests of the commands share: run `tidemark ...` to its end or while it runs, and compare what is on the disk.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { tidemarkBin, waitFor, within } from "./support.mjs";

/** The caller's own settings must not leak into a command. */
export function cleanEnv(extra = {}) {
  const env = { ...process.env };
  for (const name of Object.keys(env)) if (name.startsWith("TIDEMARK_") || name === "NO_COLOR") delete env[name];
  return { ...env, ...extra };
}

/** A command while it runs. */
export class Command {
  constructor(t, args, { env, cwd, stdin = "ignore" } = {}) {
    this.args = args;
    this.stdout = "";
    this.stderr = "";
    this.child = spawn(tidemarkBin, args, { stdio: [stdin, "pipe", "pipe"], env: cleanEnv(env), cwd });
    for (const name of ["stdout", "stderr"]) {
      this.child[name].setEncoding("utf8").on("data", (text) => (this[name] += text));
    }
    this.closed = new Promise((resolve, reject) => {
      this.child.on("error", reject);
      this.child.on("close", (code, signal) => resolve({ code, signal, stdout: this.stdout, stderr: this.stderr }));
    });
    t?.after(() => this.child.kill("SIGKILL"));
  }

  /** Whole lines of standard output so far. */
  lines() {
    return this.stdout.split("\n").slice(0, -1);
  }
  async prints(count) {
    await waitFor(() => this.lines().length >= count, { what: `${count} lines of ${this.args.join(" ")}` }).catch(
      (error) => {
        throw new Error(`${error.message}; it said:\n${this.stdout}${this.stderr}`);
      },
    );
    return this.lines();
  }
  async says(expression) {
    await waitFor(() => expression.test(this.stderr), { what: `${expression} from ${this.args.join(" ")}` });
  }
  ended() {
    return within(this.closed, `tidemark ${this.args.join(" ")} to end`, 60_000);
  }
  interrupt() {
    this.child.kill("SIGINT");
    return this.ended();
  }
}

/** Runs `tidemark ...` to its end. `input` is what it reads. */
export function run(args, { input, ...options } = {}) {
  const command = new Command(undefined, args, { ...options, stdin: input === undefined ? "ignore" : "pipe" });
  command.child.stdin?.on("error", () => {}); // it may end before it has read all
  command.child.stdin?.end(input);
  return command.ended().finally(() => command.child.kill("SIGKILL"));
}

/** Every file of a directory, for comparing. */
export function snapshot(directory) {
  const files = {};
  for (const name of readdirSync(directory, { recursive: true })) {
    const path = join(directory, String(name));
    if (statSync(path).isFile()) files[name] = readFileSync(path).toString("latin1");
  }
  return files;
}
