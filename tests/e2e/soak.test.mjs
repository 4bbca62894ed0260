// The short form of the soak (soak.mjs, ./dev soak).
import assert from "node:assert/strict";
import { test } from "node:test";
import { soak } from "./soak.mjs";
import { backend } from "./support.mjs";

test("clients that chat beside every kind of attack lose, double and reorder nothing, and no descriptor is left behind", async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { wrong, acknowledged, attacks, kinds } = await soak({ seconds: 6, seed, backend });
  assert.deepEqual(wrong, [], `seed ${seed}`);
  assert.ok(acknowledged > 0 && attacks >= kinds, `${acknowledged} stored, ${attacks} attacks of ${kinds} kinds`);
});
