// The inspector: the log live in a browser, found by channel, text, offset and time, with mouse and keyboard, by everyone.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserAndServer, chromiumContext, findings, newChannel, otherLogAt, publish, publishMany, serve, waitFor } from "./support.mjs";

const TOKEN = "a-token-that-nobody-guesses";
const server = await browserAndServer();

/** The inspector's page; fails the test if the page complains. */
async function inspect(t, { on = server, channel, colorScheme, size } = {}) {
  const context = await chromiumContext(t);
  const page = await context.newPage();
  const complaints = [];
  page.on("pageerror", (error) => complaints.push(`uncaught: ${error.stack ?? error}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/net::ERR_|Failed to load resource/.test(message.text())) complaints.push(message.text());
  });
  t.after(() => assert.deepEqual(complaints, [], "the page caused no errors and no policy violations"));
  if (colorScheme) await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
  if (size) await page.setViewportSize(size);
  await page.goto(`${on.url}/inspect${channel ? `#channel=/chat/${channel}` : ""}`);
  return page;
}

const isLive = (page) => page.locator('#state[data-state="live"]').waitFor();
const rows = (page) =>
  page.locator("#rows tr").evaluateAll((all) =>
    all.map((row) => ({ offset: Number(row.dataset.offset), payload: row.querySelector(".payload")?.textContent })),
  );
const offsets = async (page) => (await rows(page)).map(({ offset }) => offset);
const payloads = async (page) => (await rows(page)).map(({ payload }) => payload);
const texts = (prefix, count) => Array.from({ length: count }, (_, n) => `${prefix} ${n}`);
const shows = (page, expected) =>
  waitFor(async () => JSON.stringify(await payloads(page)) === JSON.stringify(expected), { what: `the rows ${expected}` }).catch(async (error) => {
    throw new Error(`${error.message}; there were ${JSON.stringify(await payloads(page))}`);
  });

test("shows the newest records and what comes, of every channel", async (t) => {
  const channels = [newChannel(), newChannel()];
  await publish(server, channels[0], ["one"]);
  const page = await inspect(t);
  await isLive(page);
  await publish(server, channels[1], ["two"]);
  await publish(server, channels[0], [{ text: "three" }]);
  await waitFor(async () => (await payloads(page)).slice(-3).join() === 'one,two,{"text":"three"}', { what: "three records" });
  const last = page.locator("#rows tr").last();
  assert.equal(await last.locator(".channel").textContent(), `/chat/${channels[0]}`);
  assert.equal(await last.locator(".event").textContent(), "chat message");
});

test("can be narrowed to a channel, and to a text in any field", async (t) => {
  const [mine, other] = [newChannel(), newChannel()];
  await publish(server, mine, ["apple", "pear"]);
  await publish(server, other, ["plum"]);
  const page = await inspect(t);
  await isLive(page);
  await page.getByLabel("Channel").fill(`/chat/${mine}`);
  await page.keyboard.press("Enter");
  await shows(page, ["apple", "pear"]);
  await page.getByLabel("Text").fill("PEA");
  await shows(page, ["pear"]);
  await isLive(page);
  await publish(server, mine, ["peach", "apricot"]);
  await shows(page, ["pear", "peach"]);
  await page.getByLabel("Text").fill("nothing at all");
  await page.getByText("None of the records at hand matches.").waitFor();
  await page.getByLabel("Text").fill("");
  await shows(page, ["apple", "pear", "peach", "apricot"]);
});

test("a text that only older records have is found by searching on", async (t) => {
  const channel = newChannel();
  await publish(server, channel, ["the needle", ...texts("hay", 450)]);
  const page = await inspect(t, { channel });
  await isLive(page);
  await page.getByLabel("Text").fill("needle");
  await page.getByText("None of the records at hand matches.").waitFor();
  await page.getByRole("button", { name: "Search older" }).click();
  await shows(page, ["the needle"]);
});

test("goes to an offset and back to what is live, reading on in both directions", async (t) => {
  const channel = newChannel();
  const acks = await publish(server, channel, texts("record", 900));
  const page = await inspect(t, { channel });
  await isLive(page);
  const target = acks[400].offset;
  await page.getByLabel("Offset or time").fill(String(target));
  await page.keyboard.press("Enter");
  await page.locator(`#rows tr[data-offset="${target}"][aria-current]`).waitFor();
  await page.getByRole("heading", { name: `Record ${target}` }).waitFor();
  assert.equal(await page.locator("#state").getAttribute("data-state"), "paused");
  const inOrder = async () => {
    const all = await offsets(page);
    const first = acks.findIndex(({ offset }) => offset === all[0]);
    assert.deepEqual(all, acks.slice(first, first + all.length).map(({ offset }) => offset));
    return all;
  };
  await inOrder();
  const scroller = page.locator("#scroller");
  for (const [to, edge] of [
    [0, 0],
    [1e9, acks.length - 1],
  ]) {
    await waitFor(
      async () => {
        await scroller.evaluate((element, y) => element.scrollTo(0, y), to);
        return (await offsets(page)).includes(acks[edge].offset);
      },
      { what: `record number ${edge}` },
    );
    await inOrder();
  }
  await isLive(page);
  const [ack] = await publish(server, channel, ["and live again"]);
  await page.locator(`#rows tr[data-offset="${ack.offset}"]`).waitFor();
  acks.push(ack);
  await inOrder();
});

/** Types a place and reads what the page says of it. */
async function jumpsTo(page, place, says) {
  await page.getByLabel("Offset or time").fill(place);
  await page.keyboard.press("Enter");
  await page.locator("#said", { hasText: says }).waitFor();
}

const looksAtNothing = async (page) => {
  await page.locator("#detail").waitFor({ state: "hidden" });
  assert.equal(await page.locator("#rows tr[aria-current]").count(), 0);
};

test("an offset that the log does not have yet, or any more, is said, and no other record is taken for it", async (t) => {
  const small = await serve(t, { args: ["--retain-records", "30"] });
  const [mine, other] = [newChannel(), newChannel()];
  const acks = await publish(small, mine, texts("mine", 60));
  const [{ offset: head }] = await publish(small, other, ["other"]);
  await waitFor(async () => (await (await fetch(`${small.url}/api/v1/info`)).json()).first === head - 29, { what: "the trim" });
  const page = await inspect(t, { on: small });
  await isLive(page);
  await page.locator(`#rows tr[data-offset="${head}"]`).click();
  for (const far of [head + 1, 10 ** 30]) {
    await jumpsTo(page, BigInt(far).toString(), /^There is no offset [\d,]+ yet: the log ends at offset 61\.$/);
    await looksAtNothing(page);
    await isLive(page);
    assert.equal((await offsets(page)).at(-1), head);
  }
  await jumpsTo(page, "20,000", /^There is no offset 20,000 yet: the log ends at offset 61\.$/);
  await jumpsTo(page, "5", /^There is no offset 5 any more: the log begins at offset 32\.$/);
  await looksAtNothing(page);
  const [first, scroller] = [await page.locator("#rows tr").first().boundingBox(), await page.locator("#scroller").boundingBox()];
  assert.equal((await offsets(page))[0], head - 29);
  assert.ok(first.y >= scroller.y, "the log's first record is on screen");
  await page.goto(`${small.url}/inspect#at=999`);
  await page.locator("#said", { hasText: "There is no offset 999 yet: the log ends at offset 61." }).waitFor();
  await looksAtNothing(page);
  await jumpsTo(page, "2100-01-01T00:00", "There is no record from there on; the newest is at offset 61.");
  await looksAtNothing(page);
  // In a channel: the record there is another one's.
  await page.getByLabel("Channel").fill(`/chat/${mine}`);
  await page.keyboard.press("Enter");
  await isLive(page);
  await jumpsTo(page, String(head), "There is no record from there on; the newest is at offset 60.");
  await looksAtNothing(page);
  const [{ offset: next }] = await publish(small, mine, ["next"]);
  await jumpsTo(page, String(head), `Offset ${head} is not of /chat/${mine}; the next record is shown.`);
  await page.getByRole("heading", { name: `Record ${next}` }).waitFor();
  await page.getByLabel("Offset or time").fill(String(acks[50].offset));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: `Record ${acks[50].offset}` }).waitFor();
  assert.equal(await page.locator("#said").textContent(), "");
});

test("a channel that the log does not have is said, with the nearest name", async (t) => {
  const channel = newChannel();
  await publish(server, channel, ["here"]);
  const page = await inspect(t, { channel: channel.slice(0, -1) });
  await page.getByText(`The log has no channel /chat/${channel.slice(0, -1)}. Did you mean /chat/${channel}?`).waitFor();
  await page.getByRole("button", { name: `/chat/${channel}` }).click();
  await shows(page, ["here"]);
  assert.equal(await page.getByLabel("Channel").inputValue(), `/chat/${channel}`);
  // Without what stands before it, and nothing of the channel before is left where it is refused.
  await page.getByLabel("Channel").fill(channel);
  await page.keyboard.press("Enter");
  await page.getByText(`The log has no channel ${channel}. Did you mean /chat/${channel}?`).waitFor();
  await shows(page, []);
  await page.getByLabel("Channel").fill("/nothing/like/it/at/all");
  await page.keyboard.press("Enter");
  await page.getByText("The log has no channel /nothing/like/it/at/all.", { exact: true }).waitFor();
  await isLive(page);
});

test("goes to a time", async (t) => {
  const channel = newChannel();
  await publish(server, channel, ["before"]);
  const mark = Date.now() + 5;
  await waitFor(() => Date.now() > mark);
  const [later] = await publish(server, channel, ["later", "last"]);
  const page = await inspect(t, { channel });
  await isLive(page);
  await page.getByLabel("Offset or time").fill(new Date(mark).toISOString());
  await page.keyboard.press("Enter");
  await page.locator(`#rows tr[data-offset="${later.offset}"][aria-current]`).waitFor();
  await page.getByLabel("Offset or time").fill("tomorrow or so");
  await page.keyboard.press("Enter");
  await page.getByText("is neither an offset nor a time").waitFor();
});

test("shows a record whole", async (t) => {
  const channel = newChannel();
  const text = "<b>& \u202e\u{1f30a}</b>";
  const [{ offset }] = await publish(server, channel, [{ text, list: [1, 2], file: Buffer.from([1, 2, 3]) }]);
  const page = await inspect(t, { channel });
  await page.getByRole("button", { name: String(offset), exact: true }).click();
  const detail = page.getByRole("region", { name: `Record ${offset}` });
  await detail.waitFor();
  const shown = JSON.parse(await page.locator("#detail-payload").textContent());
  assert.deepEqual([shown.text, shown.list], [text, [1, 2]]);
  await detail.getByText("3 bytes").waitFor();
  await detail.getByText(`/chat/${channel}`).waitFor();
  await detail.getByRole("button", { name: "Close" }).click();
  await detail.waitFor({ state: "hidden" });
});

test("a record is copied as the log has it: numbers, doubled keys and escapes", async (t) => {
  const channel = newChannel();
  const text = '{"b":1.0,"a":123456789012345678901234567890,"b":"\\u2028"}';
  const add = async () => {
    const path = `/api/v1/channels/${encodeURIComponent(`/chat/${channel}`)}/records`;
    return (await (await fetch(server.url + path, { method: "POST", body: text })).json()).offset;
  };
  const read = await add();
  const page = await inspect(t, { channel });
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
  await isLive(page);
  const streamed = await add();
  for (const offset of [read, streamed]) {
    await page.getByRole("button", { name: String(offset), exact: true }).click();
    await page.getByRole("button", { name: "Copy JSON" }).click();
    await page.getByText("Copied.").waitFor();
    const line = await (await fetch(`${server.url}/api/v1/log/${offset}`)).text();
    assert.ok(line.includes(text), line);
    assert.equal(`${await page.evaluate(() => navigator.clipboard.readText())}\n`, line);
  }
});

test("can be used with the keyboard alone", async (t) => {
  const channel = newChannel();
  const acks = await publish(server, channel, texts("key", 5));
  const page = await inspect(t, { channel });
  await isLive(page);
  await page.keyboard.press("/");
  await page.keyboard.type("key");
  await page.keyboard.press("Escape");
  await page.keyboard.press("ArrowUp");
  await page.getByRole("heading", { name: `Record ${acks[3].offset}` }).waitFor();
  await page.keyboard.press("Home");
  await page.getByRole("heading", { name: `Record ${acks[0].offset}` }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("heading", { name: `Record ${acks[1].offset}` }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#detail").waitFor({ state: "hidden" });
  await page.keyboard.press("g");
  await page.keyboard.type(String(acks[2].offset));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: `Record ${acks[2].offset}` }).waitFor();
});

test("comes back by itself after the server died, with every record once", async (t) => {
  const mortal = await serve(t);
  const channel = newChannel();
  const page = await inspect(t, { on: mortal, channel });
  await isLive(page);
  await publish(mortal, channel, ["before"]);
  await shows(page, ["before"]);
  await mortal.kill9();
  await page.locator('#state[data-state="reconnecting"]').waitFor();
  await mortal.start();
  await publish(mortal, channel, ["after"]);
  await isLive(page);
  await shows(page, ["before", "after"]);
});

test("what could not be read because the server was away is read when it is back", async (t) => {
  const mortal = await serve(t);
  const [first, second] = [newChannel(), newChannel()];
  const acks = await publish(mortal, first, ["one", "two"]);
  await publish(mortal, second, ["other"]);
  const page = await inspect(t, { on: mortal, channel: first });
  await shows(page, ["one", "two"]);
  for (const [ask, expected] of [
    [() => page.getByLabel("Channel").fill(`/chat/${second}`).then(() => page.keyboard.press("Enter")), ["other"]],
    [() => page.goto(`${mortal.url}/inspect#channel=/chat/${first}&at=${acks[0].offset}`), ["one", "two"]],
  ]) {
    await mortal.kill9();
    await page.locator('#state[data-state="reconnecting"]').waitFor();
    await ask();
    await page.getByText("The page tries again.").waitFor();
    assert.ok(!(await page.locator("main").innerText()).includes("no channel"), "nothing is claimed of what could not be read");
    await mortal.start();
    await shows(page, expected);
    await isLive(page);
    assert.equal(await page.locator("#problem").textContent(), "");
  }
  await page.getByRole("heading", { name: `Record ${acks[0].offset}` }).waitFor();
});

test("a link to a record far back is paused, and says so", async (t) => {
  const channel = newChannel();
  const acks = await publish(server, channel, texts("far", 300));
  const page = await inspect(t, { channel: `${channel}&at=${acks[3].offset}` });
  await page.locator('#state[data-state="paused"]', { hasText: "paused" }).waitFor();
});

test("of a log with very many channels those with most records are offered while one types", async (t) => {
  const page = await inspect(t);
  await page.route("**/api/v1/channels", async (route) => {
    const channels = Array.from({ length: 20_000 }, (_, i) => ({ channel: `/chat/many-${i}`, records: i, bytes: i, first: 1, last: 2 }));
    await route.fulfill({ json: { channels, unreadable: 0 } });
  });
  await page.reload();
  await page.locator('#channels option[value="/chat/many-19999"]').waitFor({ state: "attached" });
  assert.equal(await page.locator("#channels option").count(), 500);
});

for (const state of ["live", "paused"]) {
  test(`another log at the same address is said, and nothing of the one before is left beside it: ${state}`, async (t) => {
    const old = await serve(t);
    const channel = newChannel();
    await publish(old, channel, texts("old", 300));
    const page = await inspect(t, { on: old, channel });
    await isLive(page);
    await page.locator("#rows tr").last().click();
    if (state === "paused") {
      await page.getByLabel("Offset or time").fill("10");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Record 10", exact: true }).waitFor();
    }
    await old.kill9();
    const other = await otherLogAt(t, old);
    await publish(other, channel, ["new"]);
    await waitFor(
      async () => {
        await page.locator("#scroller").evaluate((element) => element.scrollTo(0, element.scrollHeight));
        await page.locator("#scroller").evaluate((element) => element.scrollTo(0, element.scrollHeight - 1e3));
        return (await payloads(page)).join() === "new";
      },
      { what: "the other log's record alone", timeout: 20_000 },
    );
    await page.locator("#said", { hasText: "The server now keeps another log" }).waitFor();
    await looksAtNothing(page);
    await isLive(page);
    await publish(other, channel, ["newer"]);
    await shows(page, ["new", "newer"]);
  });
}

test("says what log and server it is, and how clients came back", async (t) => {
  const page = await inspect(t);
  await page.locator("#facts").getByText("sqlite").waitFor();
  const before = Number((await page.locator("#count-new").textContent()).replaceAll(",", ""));
  const channel = newChannel();
  await publish(server, channel, ["someone came"]);
  await waitFor(async () => Number((await page.locator("#count-new").textContent()).replaceAll(",", "")) > before, { what: "one more new client" });
  await page.locator("#recoveries summary").click();
  await page.locator("#recovery-rows").getByText(`/chat/${channel}`).first().waitFor();
});

test("rates that grow do not move what is below them", async (t) => {
  const page = await inspect(t);
  let asked = 0;
  await page.route("**/api/v1/info", async (route) => {
    const response = await route.fetch();
    const info = await response.json();
    const many = 123_456 * ++asked;
    const now = new Date(1.8e12 + 1000 * asked).toISOString();
    await route.fulfill({ response, json: { ...info, now, bytes_on_disk: 123.4 * 2 ** 20, head: 1_234_567, since_start: { ...info.since_start, records: many, commits: many } } });
  });
  await page.reload();
  await isLive(page);
  await page.locator("#facts", { hasText: "Records/s" }).waitFor();
  const before = await page.locator("#scroller").boundingBox();
  await page.locator("#facts", { hasText: "123,456" }).waitFor();
  assert.deepEqual(await page.locator("#scroller").boundingBox(), before);
});

test("asks for the token where the server has one", async (t) => {
  const guarded = await serve(t, { env: { TIDEMARK_API_TOKEN: TOKEN } });
  const channel = newChannel();
  await publish(guarded, channel, ["secret"]);
  const page = await inspect(t, { on: guarded });
  const field = page.getByLabel("The server's API token");
  await field.fill("a wrong one");
  await page.keyboard.press("Enter");
  await field.waitFor();
  await field.fill(TOKEN);
  await page.keyboard.press("Enter");
  await isLive(page);
  await shows(page, ["secret"]);
});

for (const colorScheme of ["light", "dark"]) {
  test(`nobody is shut out of the ${colorScheme} inspector: names, roles, contrast`, async (t) => {
    const channel = newChannel();
    const acks = await publish(server, channel, texts("contrast", 6));
    const page = await inspect(t, { channel, colorScheme });
    await isLive(page);
    assert.deepEqual(await findings(page), [], "live");
    await page.getByRole("button", { name: String(acks[2].offset), exact: true }).click();
    await page.locator("#recoveries summary").click();
    assert.deepEqual(await findings(page), [], "record and recoveries");
  });
}

test("a phone shows it without scrolling sideways", async (t) => {
  const channel = newChannel();
  await publish(server, channel, ["x".repeat(2000)]);
  const page = await inspect(t, { channel, size: { width: 360, height: 640 } });
  await isLive(page);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});

/** The server's answers as they would be if the records at `places` were damaged, and the one that `streamed` publishes. */
async function damage(page, { places, streamed }) {
  // As RocksDB says it of a block of records: the sentence does not name this one.
  const error = (at) => JSON.stringify({ error: { code: "damaged", message: `a block of records cannot be read; run 'tidemark repair'`, offset: at } });
  await page.route("**/api/v1/log?*", async (route) => {
    const response = await route.fetch();
    const lines = (await response.text()).split("\n").filter(Boolean);
    const first = lines.findIndex((line) => places.includes(JSON.parse(line).offset));
    if (first === -1) return route.fulfill({ response });
    const at = JSON.parse(lines[first]).offset;
    const json = { contentType: "application/json", body: error(at) };
    if (first === 0) return route.fulfill({ status: 500, ...json });
    await route.fulfill({ response, body: `${[...lines.slice(0, first), error(at)].join("\n")}\n` });
  });
  let met = false;
  await page.route("**/api/v1/stream?*", async (route) => {
    if (met) return route.continue();
    met = true;
    const { epoch } = await (await fetch(new URL("/api/v1/info", route.request().url()))).json();
    const at = await streamed();
    const start = { epoch, first: 1, head: at - 1, after: at - 1, resumed: false };
    const body = `id: ${epoch}.${at - 1}\nevent: log\ndata: ${JSON.stringify(start)}\n\nevent: unreadable\ndata: ${error(at)}\n\n`;
    await route.fulfill({ contentType: "text/event-stream", body });
  });
}

/** What stands in each row: a payload, or the offset that a line about damage names. */
const lines = (page) => page.locator("#rows tr").evaluateAll((all) => all.map((row) => row.querySelector(".payload")?.textContent ?? row.textContent.match(/Offset \d+ cannot be read/)?.[0]));

test("damage is said in its place, and what is older and newer is shown", async (t) => {
  const channel = newChannel();
  const acks = await publish(server, channel, texts("whole", 6));
  const page = await inspect(t, { channel: newChannel() });
  await isLive(page);
  const [second, last] = [acks[1].offset, acks[5].offset];
  await damage(page, { places: [second, last], streamed: async () => (await publish(server, channel, ["passed over by the stream"]))[0].offset });
  const expected = ["whole 0", `Offset ${second} cannot be read`, "whole 2", "whole 3", "whole 4", `Offset ${last} cannot be read`];
  const shown = (wanted) =>
    waitFor(async () => JSON.stringify(await lines(page)) === JSON.stringify(wanted), { what: `the rows ${wanted}` }).catch(async (error) => {
      throw new Error(`${error.message}; there were ${JSON.stringify(await lines(page))}`);
    });
  await page.getByLabel("Channel").fill(`/chat/${channel}`);
  await page.keyboard.press("Enter");
  await shown([...expected, `Offset ${last + 1} cannot be read`]);
  await isLive(page);
  await publish(server, channel, ["and on"]);
  await shown([...expected, `Offset ${last + 1} cannot be read`, "and on"]);
  await page.getByLabel("Offset or time").fill(String(second));
  await page.keyboard.press("Enter");
  await page.locator(`#rows tr[data-offset="${second}"]`).waitFor();
  await shown([...expected, "passed over by the stream", "and on"]);
  await isLive(page);
  assert.equal(await page.locator("#problem").textContent(), "");
});

test("what the server answers is not covered up by what was looked for", async (t) => {
  const channel = newChannel();
  await publish(server, channel, texts("hay", 250));
  const page = await inspect(t, { channel });
  await isLive(page);
  let asked = 0;
  await page.route("**/api/v1/log?*", (route) =>
    route.fulfill({ status: 503, contentType: "application/json", body: `{"error":{"code":"busy","message":"too many readers: ${++asked}"}}` }),
  );
  await page.getByLabel("Text").fill("needle");
  await page.getByText("None of the records at hand matches.").waitFor();
  const before = asked;
  await page.getByRole("button", { name: "Search older" }).click();
  const problem = page.locator("#problem");
  await waitFor(async () => Number(/too many readers: (\d+)/.exec(await problem.textContent())?.[1]) > before, { what: "what the server answers" });
  await page.getByLabel("Text").fill("");
  await page.unroute("**/api/v1/log?*");
  await page.route("**/api/v1/log?*", (route) => route.abort());
  await page.getByLabel("Offset or time").fill("17");
  await page.keyboard.press("Enter");
  await problem.filter({ hasText: "The server is not there" }).waitFor();
});

/** Publishes a payload as the text that is given. */
const add = async (channel, body, { sender, on = server } = {}) => {
  const path = `/api/v1/channels/${encodeURIComponent(`/chat/${channel}`)}/records${sender ? `?sender=${encodeURIComponent(sender)}` : ""}`;
  return (await (await fetch(on.url + path, { method: "POST", body })).json()).offset;
};

test("a payload is shown as it is stored: numbers, doubled keys, escapes and blanks", async (t) => {
  const channel = newChannel();
  const text = '{"n":1.0,"big":12345678901234567890,"n":-0.10e+2,"e":"caf\\u00e9 \\/","none":[],"deep":[{"x":{}}]}';
  const offset = await add(channel, text);
  const string = await add(channel, '"\\u00e9 and \\"quoted\\""');
  const page = await inspect(t, { channel });
  await shows(page, [text, '\\u00e9 and \\"quoted\\"']);
  await page.getByRole("button", { name: String(offset), exact: true }).click();
  const lines = [
    "{", '  "n": 1.0,', '  "big": 12345678901234567890,', '  "n": -0.10e+2,', '  "e": "caf\\u00e9 \\/",', '  "none": [],',
    '  "deep": [', "    {", '      "x": {}', "    }", "  ]", "}",
  ];
  assert.equal(await page.locator("#detail-payload").textContent(), lines.join("\n"));
  await page.getByRole("button", { name: String(string), exact: true }).click();
  assert.equal(await page.locator("#detail-payload").textContent(), '"\\u00e9 and \\"quoted\\""');
  for (const wanted of ["12345678901234567890", "café", "caf\\u00e9"]) {
    await page.getByLabel("Text").fill(wanted);
    await shows(page, [text]);
  }
});

test("long records are read a few at once, until the screen is full, and each is whole in its detail", async (t) => {
  const channel = newChannel();
  for (let n = 0; n < 30; n++) await add(channel, JSON.stringify([n, "x".repeat(900_000)]));
  const page = await inspect(t, { channel, size: { width: 1280, height: 1000 } });
  const read = [];
  page.on("request", (request) => /\/log\?/.test(request.url()) && read.push(request.url()));
  await page.reload();
  await waitFor(async () => (await rows(page)).length === 30, { what: "all thirty", timeout: 30_000 });
  assert.ok(read.length > 1, "not with one answer");
  await isLive(page);
  const shown = (await payloads(page)).map((text) => text.length);
  assert.ok(Math.max(...shown) < 1_000, "a row shows a payload's beginning");
  await page.locator("#rows tr").nth(7).click();
  await page.getByRole("heading", { name: "Payload: its beginning, of 900,006 characters; a copy has all" }).waitFor();
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: server.url });
  await page.getByRole("button", { name: "Copy JSON" }).click();
  await page.getByText("Copied.").waitFor();
  assert.deepEqual(JSON.parse(await page.evaluate(() => navigator.clipboard.readText())).payload, [7, "x".repeat(900_000)]);
});

test("one record that cannot be drawn is said in its place, and the others are shown", async (t) => {
  const channel = newChannel();
  const acks = await publish(server, channel, texts("whole", 3));
  const page = await inspect(t, { channel: newChannel() });
  await isLive(page);
  // No server sends such a record; it stands for whatever nobody thought of.
  await page.route("**/api/v1/log?*", async (route) => {
    const response = await route.fetch();
    const body = (await response.text()).replace(`{"offset":${acks[1].offset},`, `$&"sender":7,`).replace(/("sender":7,.*),"sender":"[^"]*"/, "$1");
    await route.fulfill({ response, body });
  });
  await page.getByLabel("Channel").fill(`/chat/${channel}`);
  await page.keyboard.press("Enter");
  const shown = async () => (await page.locator("#rows tr").evaluateAll((all) => all.map((row) => row.querySelector(".payload")?.textContent ?? row.textContent)));
  await waitFor(async () => (await shown()).length === 3, { what: "three rows" });
  const [first, second, third] = await shown();
  assert.deepEqual([first, third], ["whole 0", "whole 2"]);
  assert.match(second, new RegExp(`^Record ${acks[1].offset} cannot be shown: .+\\.$`));
  await publish(server, channel, ["and on"]);
  await page.locator("#rows tr", { hasText: "and on" }).waitFor();
});

test("what comes too fast to be shown below what a search found is said", async (t) => {
  const channel = newChannel();
  await publish(server, channel, texts("flood before", 3));
  const context = await chromiumContext(t);
  // As in a page that nobody sees: what draws the newest records is late.
  await context.addInitScript(() => {
    const { setTimeout } = window;
    const late = [];
    window.setTimeout = (work, ms, ...given) => (ms === 50 && window.isLate ? late.push(work) : setTimeout(work, ms, ...given));
    window.punctual = () => late.splice(0).forEach((work) => work());
    const { parse } = JSON;
    JSON.parse = (text) => {
      const value = parse(text);
      window.newest = value?.payload ?? window.newest;
      return value;
    };
  });
  const page = await context.newPage();
  await page.goto(`${server.url}/inspect#channel=/chat/${channel}&text=flood`);
  await isLive(page);
  await page.getByRole("button", { name: "Search older" }).click();
  await page.getByText("There the log begins.").waitFor();
  await page.evaluate(() => (window.isLate = true));
  for (let n = 0; n < 3; n++) {
    await publishMany(server, channel, texts(`flood ${n}`, 1_000));
  }
  await page.waitForFunction(() => window.newest === "flood 2 999");
  await page.evaluate(() => window.punctual());
  await page.locator("#rows tr", { hasText: "flood 2 999" }).waitFor();
  await page.locator("#rows tr.gap", { hasText: /^Records from offset \d+ to \d+ came too fast to be shown here\.$/ }).waitFor();
});

test("the search ends at the log's first record and says so", async (t) => {
  const channel = newChannel();
  await publish(server, channel, texts("hay", 250));
  const page = await inspect(t, { channel });
  await isLive(page);
  await page.getByLabel("Text").fill("needle");
  await page.getByRole("button", { name: "Search older" }).click();
  await page.getByText("Searched back to offset 1, 100 % of the log: no older records match. There the log begins.").waitFor();
  await page.getByRole("button", { name: "Search older" }).waitFor({ state: "hidden" });
  // What comes is shown all the same, and another text is another search.
  await publish(server, channel, ["a needle"]);
  await shows(page, ["a needle"]);
  await page.getByLabel("Text").fill("hay 7");
  await page.getByRole("button", { name: "Search older" }).click();
  await page.locator("#said", { hasText: "There the log begins." }).waitFor();
  await shows(page, texts("hay", 250).filter((text) => text.includes("hay 7")));
});

/** Answers in place of the server: `head` records, newest first, as many at once as are asked for, and what was cancelled. */
async function longLog(page, head, { pieceRecords = 2_000 } = {}) {
  await page.addInitScript(
    ([records, piece]) => {
      const real = globalThis.fetch;
      globalThis.given = 0;
      globalThis.fetch = async (input, init) => {
        const url = new URL(input, location.href);
        if (!url.pathname.endsWith("/log") || Number(url.searchParams.get("limit")) < 10_000) return real(input, init);
        let at = Math.min(records + 1, Number(url.searchParams.get("before") ?? Infinity));
        let left = Number(url.searchParams.get("limit"));
        const body = new ReadableStream(
          {
            pull(controller) {
              if (init.signal?.aborted) return controller.error(init.signal.reason);
              let text = "";
              for (let n = 0; n < piece && left > 0 && at > 1; n++, left--) {
                text += `{"offset":${--at},"time":"2026-11-25T22:00:00.000Z","channel":"/chat/long","event":"chat message","sender":"Ann","payload":"${at === 3 ? "the needle" : "x".repeat(100)}"}\n`;
                ++globalThis.given;
              }
              if (text) controller.enqueue(new TextEncoder().encode(text));
              if (left === 0 || at === 1) controller.close();
            },
          },
          { highWaterMark: 0 },
        );
        return new Response(body, { headers: { "Tidemark-First": "1", "Tidemark-Head": String(records) } });
      };
    },
    [head, pieceRecords],
  );
}

test("a search through a million records shows how far it is, leaves the page usable, and finds the last one", async (t) => {
  const page = await inspect(t, { channel: newChannel() });
  await longLog(page, 1_000_000);
  // The records at hand are the server's; what is older, a million of them, is made up.
  await page.reload();
  await isLive(page);
  await page.getByLabel("Text").fill("needle");
  await page.evaluate(() => {
    globalThis.shares = new Set();
    globalThis.turns = 0;
    const look = () => {
      ++globalThis.turns;
      globalThis.shares.add(document.getElementById("search-share").value);
      requestAnimationFrame(look);
    };
    look();
  });
  await page.getByRole("button", { name: "Search older" }).click();
  await page.locator("#search-at", { hasText: /back to offset [\d,]+, \d+ % of the log/ }).waitFor();
  await page.getByText("There the log begins.").waitFor();
  const { shares, turns, given } = await page.evaluate(() => ({ shares: [...globalThis.shares], turns: globalThis.turns, given: globalThis.given }));
  assert.ok(given >= 1_000_000, `${given} records were given`);
  assert.ok(shares.length > 10, `the bar stood at ${shares.join(", ")}`);
  assert.ok(shares.every((share, i) => i < 2 || share > shares[i - 1]), "it only grows");
  assert.ok(turns > 20, `the page was drawn ${turns} times meanwhile`);
  await shows(page, ["the needle"]);
});

test("a search can be stopped, and goes on from there", async (t) => {
  const page = await inspect(t, { channel: newChannel() });
  await longLog(page, 1_000_000);
  await page.reload();
  await isLive(page);
  await page.getByLabel("Text").fill("needle");
  await page.getByRole("button", { name: "Search older" }).click();
  await page.locator("#search-at", { hasText: "back to offset" }).waitFor();
  await page.getByRole("button", { name: "Stop" }).click();
  const stopped = await page.locator("#said", { hasText: /^Stopped; searched back to offset [\d,]+/ }).textContent();
  const at = Number(/offset ([\d,]+)/.exec(stopped)[1].replaceAll(",", ""));
  assert.ok(at > 1 && at < 1_000_000, stopped);
  const given = await page.evaluate(() => globalThis.given);
  await page.getByRole("button", { name: "Search older" }).click();
  await page.getByText("There the log begins.").waitFor();
  await shows(page, ["the needle"]);
  const all = await page.evaluate(() => globalThis.given);
  assert.ok(all - given <= at && given < 1_000_000, `${given} were given before, ${all} in the end, and it stood at ${at}`);
});

test("what comes does not move what is read, and is counted", async (t) => {
  const channel = newChannel();
  const acks = await publish(server, channel, texts("read", 150));
  const page = await inspect(t, { channel });
  await isLive(page);
  const row = page.locator(`#rows tr[data-offset="${acks[20].offset}"]`);
  await row.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const before = await row.boundingBox();
  await publish(server, channel, texts("new", 7));
  await page.getByRole("button", { name: "7 new" }).waitFor();
  assert.deepEqual(await row.boundingBox(), before);
  await page.getByRole("button", { name: "7 new" }).click();
  await page.locator("#fresh").waitFor({ state: "hidden" });
  await publish(server, channel, ["the last"]);
  const last = page.locator("#rows tr", { hasText: "the last" });
  await last.waitFor();
  assert.equal(await page.locator("#fresh").isVisible(), false);
  const [box, scroller] = [await last.boundingBox(), await page.locator("#scroller").boundingBox()];
  assert.ok(box.y + box.height <= scroller.y + scroller.height + 1, "the newest one is on screen");
});

test("more than the page holds does not take away what is read: the end is left instead", async (t) => {
  const channel = newChannel();
  const acks = await publish(server, channel, texts("read", 150));
  const page = await inspect(t, { channel });
  await isLive(page);
  const row = page.locator(`#rows tr[data-offset="${acks[5].offset}"]`);
  await row.evaluate((element) => element.scrollIntoView({ block: "center" }));
  const before = await row.boundingBox();
  for (let n = 0; n < 4; n++) await Promise.all(Array.from({ length: 500 }, (_, i) => add(channel, `"flood ${n} ${i}"`)));
  await page.locator('#state[data-state="paused"]').waitFor();
  assert.deepEqual(await row.boundingBox(), before);
  await page.locator("#fresh", { hasText: "new" }).click();
  await isLive(page);
  await page.locator("#rows tr", { hasText: "flood 3" }).last().waitFor();
});

test("a reload and a shared link show the same: channel, text and the record that is open", async (t) => {
  const [mine, other] = [newChannel(), newChannel()];
  const acks = await publish(server, mine, ["oak & ash", "elm", "oak"]);
  await publish(server, other, ["oak"]);
  const page = await inspect(t);
  await isLive(page);
  await page.getByLabel("Channel").fill(`/chat/${mine}`);
  await page.keyboard.press("Enter");
  await page.getByLabel("Text").fill("oak & ");
  await shows(page, ["oak & ash"]);
  await page.getByRole("button", { name: String(acks[0].offset), exact: true }).click();
  const shared = await inspect(t, {});
  for (const same of [() => page.reload(), () => shared.goto(page.url())]) {
    await same();
    const view = same.toString().includes("shared") ? shared : page;
    await view.getByRole("heading", { name: `Record ${acks[0].offset}` }).waitFor();
    await shows(view, ["oak & ash"]);
    assert.equal(await view.getByLabel("Channel").inputValue(), `/chat/${mine}`);
    assert.equal(await view.getByLabel("Text").inputValue(), "oak &");
  }
  await page.keyboard.press("Escape");
  await page.getByLabel("Text").fill("");
  await shows(page, ["oak & ash", "elm", "oak"]);
  assert.equal(new URL(page.url()).hash, `#channel=/chat/${mine}`);
  await page.evaluate((hash) => (location.hash = hash), `#channel=/chat/${other}`);
  await shows(page, ["oak"]);
});

for (const size of [{ width: 1280, height: 800 }, { width: 375, height: 812 }]) {
  test(`what is said of damage or of the disk does not run off the page, ${size.width} pixels wide`, async (t) => {
    const channel = newChannel();
    const acks = await publish(server, channel, texts("whole", 3));
    const page = await inspect(t, { size });
    const message = `the block at ${"/var/lib/tidemark".repeat(20)} cannot be read; run 'tidemark repair'`;
    await page.route("**/api/v1/log?*", (route) =>
      route.fulfill({ body: `${JSON.stringify({ error: { code: "damaged", message, offset: acks[1].offset } })}\n`, contentType: "application/x-ndjson", headers: { "Tidemark-Head": `${acks[1].offset}`, "Tidemark-First": "1" } }),
    );
    await page.route("**/api/v1/info", async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), writable: false, why_not_writable: message } });
    });
    await page.reload();
    await page.locator("#rows .gap").first().waitFor();
    await page.locator("#unwritable", { hasText: "cannot be read" }).waitFor();
    const off = await page.evaluate(() =>
      ["#scroller", "body"].map((name) => document.querySelector(name)).filter((one) => one.scrollWidth > one.clientWidth).map((one) => `${one.id || "body"}: ${one.scrollWidth}`),
    );
    assert.deepEqual(off, []);
  });
}

test("the arrow keys pass over the lines that say what is damaged", async (t) => {
  const channel = newChannel();
  const acks = await publish(server, channel, texts("key", 4));
  const page = await inspect(t, { channel: newChannel() });
  await isLive(page);
  await damage(page, { places: [acks[1].offset], streamed: async () => (await publish(server, channel, ["streamed"]))[0].offset });
  await page.getByLabel("Channel").fill(`/chat/${channel}`);
  await page.keyboard.press("Enter");
  await waitFor(async () => (await lines(page)).length === 5, { what: "the rows" });
  await page.locator("#scroller").focus();
  await page.keyboard.press("Home");
  await page.getByRole("heading", { name: `Record ${acks[0].offset}` }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.getByRole("heading", { name: `Record ${acks[2].offset}` }).waitFor();
  await page.keyboard.press("ArrowUp");
  await page.getByRole("heading", { name: `Record ${acks[0].offset}` }).waitFor();
});

test("says whether a token is missing or wrong", async (t) => {
  const guarded = await serve(t, { env: { TIDEMARK_API_TOKEN: TOKEN } });
  const page = await inspect(t, { on: guarded });
  await page.getByText("This server asks for its API token.").waitFor();
  assert.equal(await page.locator("#state").innerText(), "waiting for the token");
  await page.getByLabel("The server's API token").fill("a wrong one");
  await page.keyboard.press("Enter");
  await page.getByText("That is not the API token of this server.").waitFor();
  // What it could not ask for it does not claim.
  assert.equal(await page.locator("#count-damaged").innerText(), "not known yet");
  assert.equal(await page.locator("#count-resumed").innerText(), "–");
});

test("damage, what repairs left out and what was trimmed are shown, with a way to the place", async (t) => {
  const channel = newChannel();
  const [{ offset }] = await publish(server, channel, ["a neighbour of damage"]);
  const page = await inspect(t, { channel });
  await isLive(page);
  await page.locator("#gone summary", { hasText: "nothing damaged" }).waitFor();
  await page.route("**/api/v1/info", async (route) => {
    const response = await route.fetch();
    const unreadable = [{ error: "the record at offset 4 fails its checksum", offset, times: 3, last: "2026-11-25T22:00:00.000Z" }];
    await route.fulfill({ response, json: { ...(await response.json()), unreadable, holes: [{ from: 5, to: 9 }] } });
  });
  await page.route("**/api/v1/losses", (route) => route.fulfill({ json: { epoch: "0000000000000001", losses: [{ channel: "/chat/a\u202eb", last: 4000 }] } }));
  await page.route("**/api/v1/channels", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), unreadable: 2 } });
  });
  await page.reload();
  await page.getByText("Clients could not be given one place of the log").waitFor();
  const summary = page.locator("#gone summary");
  await summary.filter({ hasText: "2 records damaged" }).filter({ hasText: "5 records left out by repairs" }).filter({ hasText: "1 channel trimmed" }).waitFor();
  await page.getByRole("link", { name: "see which" }).click();
  const told = await page.locator("#gone-list").innerText();
  for (const words of ["fails its checksum (met 3 times", "offsets 5 to 9", "records up to offset 4,000 are gone", "2 damaged records"]) {
    assert.ok(told.includes(words), `${words} is not in ${told}`);
  }
  assert.equal(await page.locator('#gone-list .trick[data-code="U+202E"]').count(), 1);
  await page.locator("#gone-list").getByRole("button", { name: String(offset) }).click();
  await page.getByRole("heading", { name: `Record ${offset}` }).waitFor();
});

test("what would turn a line round or hide in it is shown by its code, and copied as it is", async (t) => {
  const channel = newChannel();
  const sender = "evil\u202egnirts";
  const offset = await add(channel, JSON.stringify({ text: "abc \u202e def \u2067" }), { sender });
  const page = await inspect(t, { channel });
  const row = page.locator(`#rows tr[data-offset="${offset}"]`);
  await row.waitFor();
  assert.equal(await row.locator(".sender").textContent(), sender);
  assert.deepEqual(await row.locator(".trick").evaluateAll((all) => all.map((one) => one.dataset.code)), ["U+202E", "U+202E", "U+2067"]);
  // The letters behind the character stand from left to right.
  const [first, last] = await row.locator(".sender bdi").first().evaluate((name) => {
    const letters = [...name.childNodes].findLast((node) => node.nodeType === Node.TEXT_NODE);
    return [letters.length - 6, letters.length - 1].map((at) => {
      const range = document.createRange();
      range.setStart(letters, at);
      range.setEnd(letters, at + 1);
      return range.getBoundingClientRect().left;
    });
  });
  assert.ok(first < last, `g stands at ${first}, s at ${last}`);
  await row.locator("button").click();
  assert.ok((await page.locator("#detail-payload").textContent()).includes("abc \u202e def \u2067"));
});

test("a text of nothing but such characters does not stop the page: the first are shown by their codes", async (t) => {
  const channel = newChannel();
  const offset = await add(channel, `"${"\u202e".repeat(2_000)}"`);
  const page = await inspect(t, { channel });
  await page.getByRole("button", { name: String(offset), exact: true }).click();
  const payload = page.locator("#detail-payload");
  await payload.locator(".trick").first().waitFor();
  assert.equal(await payload.locator(".trick").count(), 100);
  assert.equal(await payload.textContent(), `"${"\u202e".repeat(100)}${"\ufffd".repeat(1_900)}"`);
  assert.equal(await page.locator("#rows .payload .trick").count(), 100);
});

test("a phone shows every record whole, and the one that is open on the whole page", async (t) => {
  const channel = newChannel();
  const [{ offset }] = await publish(server, channel, [{ text: "a message for a small screen" }]);
  const page = await inspect(t, { channel, size: { width: 375, height: 812 } });
  await isLive(page);
  const row = page.locator(`#rows tr[data-offset="${offset}"]`);
  for (const part of [".payload", ".sender", ".channel", "time"]) {
    const box = await row.locator(part).boundingBox();
    assert.ok(box && box.width > 30 && box.x >= 0 && box.x + box.width <= 375, `${part} is at ${JSON.stringify(box)}`);
  }
  const scroller = await page.locator("#scroller").boundingBox();
  assert.ok(scroller.height > 450, `the records have ${scroller.height} pixels`);
  await row.click();
  const detail = await page.locator("#detail").boundingBox();
  assert.deepEqual([detail.x, detail.width], [0, 375]);
  await page.getByRole("button", { name: "Close" }).click();
  await page.locator("#detail").waitFor({ state: "hidden" });
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
});
