// Every example that --help gives is run as it stands there, in a directory with a log and beside a running server.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { run } from "./commands.mjs";
import { backend, Client, numbered, serve, tempDir, tidemarkBin, waitFor, within } from "./support.mjs";

const COMMANDS = ["tail", "info", "channels", "get", "append", "stats", "verify", "repair", "export", "import", "migrate", "backup", "trim"];
/** What else an example needs to be there, or is allowed to answer. */
const NEEDS = { "jq": spawnable("jq") };

function spawnable(program) {
  return new Promise((resolve) => {
    const child = spawn(program, ["--version"], { stdio: "ignore" });
    child.on("error", () => resolve(false));
    child.on("close", () => resolve(true));
  });
}

let original;
const examples = {};
before(async () => {
  const server = await serve(undefined);
  const client = await Client.open(undefined, server.url, "/chat/general");
  await client.publishAll(numbered("lost", 20));
  client.close();
  await server.stop();
  original = server.data;
  for (const command of COMMANDS) {
    const { stdout } = await run([command, "--help"]);
    examples[command] = stdout.slice(stdout.indexOf("\nExamples\n")).split("\n").slice(2).map((line) => line.trim()).filter(Boolean);
  }
});

/** A directory of its own with a log, whose commands find the binary by its name. */
function playground(t) {
  const cwd = tempDir();
  mkdirSync(join(cwd, "bin"));
  symlinkSync(tidemarkBin, join(cwd, "bin", "tidemark"));
  cpSync(original, join(cwd, "tidemark-data"), { recursive: true });
  writeFileSync(join(cwd, "tidemark.toml"), "");
  return cwd;
}

/** Runs a line of shell; one that never ends by itself is interrupted once it has shown something. */
async function shell(t, line, cwd) {
  const endless = /\btail\b.* -f\b(?!.*--count)|--watch/.test(line);
  const child = spawn("bash", ["-c", endless ? `exec ${line}` : line], {
    cwd,
    env: { PATH: `${join(cwd, "bin")}:${process.env.PATH}`, HOME: cwd },
    stdio: ["ignore", "pipe", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const out = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (out[name] += text));
  const closed = new Promise((resolve) => child.on("close", (code) => resolve({ code, ...out })));
  if (endless) {
    await waitFor(() => out.stdout.includes("\n"), { what: `the first line of ${line}` });
    child.kill("SIGINT");
  }
  return { endless, ...(await within(closed, line, 30_000)) };
}

describe("the examples of", () => {
  for (const command of COMMANDS) {
    test(command, async (t) => {
      assert.ok(examples[command].length > 0);
      const cwd = playground(t);
      const server = await serve(t, [], { data: join(cwd, "served") });
      const publisher = await Client.open(t, server.url, "/chat/general");
      await publisher.publishAll(numbered("m", 5));
      writeFileSync(join(cwd, "log.jsonl"), (await run(["export", "--data", original])).stdout);
      await shell(t, "gzip -k log.jsonl", cwd);
      for (const example of examples[command]) {
        if (example.includes("jq") && !(await NEEDS.jq)) {
          t.diagnostic(`jq is not installed here, so this was not run: ${example}`);
          continue;
        }
        // Each begins anew where it makes a directory that another one made.
        await shell(t, "rm -rf new-data restored-data backup-1", cwd);
        if (/^tidemark export (?!.*--force).*log\.jsonl$/.test(example)) await shell(t, "rm -f log.jsonl", cwd);
        if (example.includes(":backup-1")) cpSync(original, join(cwd, "backup-1"), { recursive: true });
        const line = example
          .replaceAll("http://localhost:3000", server.url)
          .replaceAll("/var/lib/tidemark", "tidemark-data")
          .replaceAll("/etc/tidemark.toml", "tidemark.toml")
          .replace("rocksdb:new-data", `${backend === "sqlite" ? "rocksdb" : "sqlite"}:new-data`)
          .replace("sqlite:tidemark-data", `${backend}:tidemark-data`)
          .replace("sqlite:backup-1", `${backend}:backup-1`);
        let live = true;
        const publishing = (async () => {
          while (live && line.includes(server.url)) await publisher.publish("more");
        })();
        const { code, endless, stderr } = await shell(t, line, cwd);
        live = false;
        await publishing;
        assert.equal(code, endless ? 130 : 0, `${example}: ${stderr}`);
      }
    });
  }
});
