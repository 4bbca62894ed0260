// The inspector: the log live in a browser, found by channel, text, offset and time, with mouse and keyboard, by everyone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { chromiumContext, closeBrowser, newChannel, openBrowser, publish, serve, waitFor } from "./support.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TOKEN = "a-token-that-nobody-guesses";
let server;
before(async () => {
  await openBrowser();
  server = await serve();
});
after(async () => {
  await closeBrowser();
  await server?.stop();
});

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
    const findings = async () => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`);
    };
    assert.deepEqual(await findings(), [], "live");
    await page.getByRole("button", { name: String(acks[2].offset), exact: true }).click();
    await page.locator("#recoveries summary").click();
    assert.deepEqual(await findings(), [], "record and recoveries");
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
