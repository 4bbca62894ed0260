// A few rounds of kill9.mjs in every test run; many rounds: node tests/crash/kill9.mjs --rounds 200
import assert from "node:assert/strict";
import { test } from "node:test";
import { kill9 } from "./kill9.mjs";

const backend = process.env.TIDEMARK_E2E_BACKEND ?? "sqlite";
const rounds = 10;
const seed = 20261123;

test(
  `a loaded server killed ${rounds} times loses, moves and doubles nothing it acknowledged`,
  { skip: backend === "memory" },
  async (t) => {
    const result = await kill9({ rounds, seed, backend });
    t.diagnostic(`seed ${seed}: ${result.records} records, ${result.duplicates} resent ones had been stored`);
    assert.deepEqual(result.problems, []);
    assert.ok(result.acknowledged > rounds, "there was load");
    assert.ok(result.resent > 0, "something was on the way when the server died");
  },
);
