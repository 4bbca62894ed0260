// Which channel somebody meant who typed another name, by the rule of the commands (nearest_name in src/config). Pure.
const LONGEST_INPUT = 64; // longer ones are no mistyped name
const SHORTEST_PREFIX = 3; // of a name, to count as meant
const COMPARED = 10_000; // of a log that has more channels the first ones

/** Undefined: none is near. A name without what stands before it is the channel's: "pier" is /chat/pier. */
export function nearestName(typed, names) {
  if (typed === "" || typed.length > LONGEST_INPUT) return undefined;
  const wanted = typed.toLowerCase();
  const ending = names.find((name) => name.toLowerCase().endsWith(`/${wanted}`));
  if (ending !== undefined) return ending;
  const begun = wanted.length >= SHORTEST_PREFIX ? names.find((name) => name.toLowerCase().startsWith(wanted)) : undefined;
  if (begun !== undefined) return begun;
  let best;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of names.slice(0, COMPARED)) {
    if (Math.abs(name.length - wanted.length) >= bestDistance) continue;
    const away = distance(wanted, name.toLowerCase());
    if (away < bestDistance) [best, bestDistance] = [name, away];
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b` (optimal string alignment). */
function distance(a, b) {
  let beforeLast;
  let last;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; ++i) {
    [beforeLast, last, row] = [last, row, [i]];
    for (let j = 1; j <= b.length; ++j) {
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], beforeLast[j - 2] + 1);
    }
  }
  return row[b.length];
}
