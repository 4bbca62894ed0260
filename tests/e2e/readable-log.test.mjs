// The log of the SQLite engine can be read with SQLite's own tool, while the server runs and after it ended.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import { Client, newChannel, numbered, serve } from "./support.mjs";

function select(server, query) {
  const file = join(server.data, "tidemark.sqlite3");
  return JSON.parse(execFileSync("sqlite3", ["-readonly", "-json", file, query], { encoding: "utf8" }) || "[]");
}

test("`select * from messages` shows what was said: where, when, what, and under which key", async (t) => {
  const server = await serve(t, ["--backend", "sqlite"]);
  const channel = newChannel();
  const client = await Client.open(t, server.url, channel);
  const acks = [];
  for (const text of numbered("line", 3)) acks.push(await client.publish(text, `key of ${text}`));
  acks.push(await client.publish({ data: Buffer.from("abc") }));
  const check = () => {
    const rows = select(server, "select * from messages order by offset");
    assert.deepEqual(rows.map(({ offset }) => offset), acks.map(({ offset }) => offset));
    for (const [i, row] of rows.slice(0, 3).entries()) {
      assert.equal(row.channel, channel);
      assert.equal(row.event, "chat message");
      assert.equal(row.payload, `"line ${i}"`);
      assert.equal(row.client_key, `key of line ${i}`);
      assert.match(row.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    }
    assert.deepEqual(JSON.parse(rows[3].payload), { data: { _placeholder: true, num: 0 } });
    assert.equal(rows[3].client_key, null);
  };
  check();
  await server.stop();
  check();
});
