// Going back on the chat page: what was said before it was opened comes when one scrolls up, and nothing jumps.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, newChannel, openBrowser, publish, serve, visitor, waitFor } from "./support.mjs";

const FIRST_VISIT = 200; // messages a new browser asks for
let server;
before(async () => {
  await openBrowser();
  server = await serve();
});
after(async () => {
  await closeBrowser();
  await server?.stop();
});

const numbered = (count) => Array.from({ length: count }, (_, n) => ({ name: n % 3 ? "Grace" : "Linus", text: `message ${n}`, sent: n }));
const textsOf = (messages) => messages.map(({ text }) => text);
const toTop = (person) => person.page.locator("#scroller").evaluate((element) => element.scrollTo(0, 0));
const note = (person, text) => person.page.locator("#older-note").filter({ hasText: text }).waitFor();

test("scrolling to the top brings what was said before, down to the channel's beginning, in order and once", async (t) => {
  const channel = newChannel();
  const messages = numbered(430);
  await publish(server, channel, messages);
  const ada = await visitor(t, server, channel);
  await ada.sees(textsOf(messages).slice(-FIRST_VISIT));
  for (let shown = FIRST_VISIT; shown < messages.length; ) {
    await toTop(ada);
    await waitFor(async () => (await ada.records()).length > shown, { what: `more than ${shown} messages` });
    shown = (await ada.records()).length;
    assert.deepEqual(await ada.texts(), textsOf(messages).slice(-shown));
  }
  await note(ada, "Here the channel begins.");
  await ada.sawEachOnceInOrder();
  assert.equal(await ada.page.locator("#log .divider").count(), 1, "one day, one line");
});

test("what the reader looks at stays where it is while older messages come above it", async (t) => {
  const channel = newChannel();
  await publish(server, channel, numbered(320));
  const ada = await visitor(t, server, channel);
  await ada.page.getByText("message 319", { exact: true }).waitFor();
  // The request is held up until the place of a message on screen is known.
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await ada.page.route("**/api/v1/log?**", async (route) => {
    await held;
    await route.continue();
  });
  await ada.page.locator("#scroller").evaluate((element) => element.scrollTo(0, 150));
  await note(ada, "Looking for older messages");
  const top = (text) => ada.page.getByText(text, { exact: true }).evaluate((element) => element.getBoundingClientRect().top);
  const before = await top("message 123");
  release();
  await ada.page.getByText("message 20", { exact: true }).waitFor({ state: "attached" });
  assert.ok(Math.abs((await top("message 123")) - before) < 2, `moved from ${before} to ${await top("message 123")}`);
});

test("screen readers are not told of the past", async (t) => {
  const channel = newChannel();
  await publish(server, channel, numbered(250));
  const ada = await visitor(t, server, channel);
  await ada.page.getByText("message 249", { exact: true }).waitFor();
  await waitFor(async () => (await ada.page.locator("#log").getAttribute("aria-live")) === "polite");
  await ada.page.evaluate(() => {
    globalThis.announced = [];
    const log = document.getElementById("log");
    new MutationObserver(() => globalThis.announced.push(log.getAttribute("aria-live"))).observe(log, { childList: true });
  });
  await toTop(ada);
  await note(ada, "Here the channel begins.");
  assert.deepEqual([...new Set(await ada.page.evaluate(() => globalThis.announced))], ["off"]);
  await waitFor(async () => (await ada.page.locator("#log").getAttribute("aria-live")) === "polite");
});

test("a link to an old message leads to it", async (t) => {
  const channel = newChannel();
  const acks = await publish(server, channel, numbered(400));
  const ada = await visitor(t, server, `${channel}/${acks[7].offset}`);
  await ada.page.locator(`#at-${acks[7].offset}.pointed-at`).waitFor();
  const box = await ada.page.locator(`#at-${acks[7].offset}`).boundingBox();
  assert.ok(box.y > 0 && box.y < 700, `it is at ${box.y}`);
});

/** Many messages at once. */
async function publishMany(on, channel, messages) {
  const path = `${on.url}/api/v1/channels/${encodeURIComponent(`/chat/${channel}`)}/records`;
  const body = messages.map((payload) => `${JSON.stringify({ payload })}\n`).join("");
  const answer = await fetch(path, { method: "POST", body, headers: { "content-type": "application/x-ndjson" } });
  return (await answer.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line).offset);
}

test("a link to a message however far back shows it among its neighbours, and those between it and the newest when asked for", async (t) => {
  const channel = newChannel();
  const messages = numbered(900);
  const offsets = await publishMany(server, channel, messages);
  const all = textsOf(messages);
  const ada = await visitor(t, server, `${channel}/${offsets[100]}`);
  await ada.page.locator(`#at-${offsets[100]}.pointed-at`).waitFor();
  const box = await ada.page.locator(`#at-${offsets[100]}`).boundingBox();
  assert.ok(box.y > 0 && box.y < 700, `it is at ${box.y}`);
  assert.deepEqual(await ada.texts(), [...all.slice(50, 300), ...all.slice(-FIRST_VISIT)]);
  const next = ada.page.getByRole("button", { name: "Show the next messages" });
  // What comes is shown at the end all the same.
  await publish(server, channel, [{ name: "Grace", text: "meanwhile", sent: 901 }]);
  await ada.page.getByText("meanwhile", { exact: true }).waitFor({ state: "attached" });
  for (let shown = 300; shown < 700; shown += 100) {
    await next.click();
    await ada.page.getByText(`message ${shown + 99}`, { exact: true }).waitFor({ state: "attached" });
    assert.deepEqual(await ada.texts(), [...all.slice(50, shown + 100), ...(shown === 600 ? all.slice(700) : all.slice(-FIRST_VISIT)), "meanwhile"]);
  }
  await next.waitFor({ state: "hidden" });
  assert.equal(await ada.page.locator("#log .divider:not(.unread)").count(), 1, "one day, one line");
  await toTop(ada);
  await note(ada, "Here the channel begins.");
  await ada.sees([...all, "meanwhile"]);
});

test("the page stays bounded where what is in between is read on", async (t) => {
  const channel = newChannel();
  for (let n = 0; n < 3; n++) await publishMany(server, channel, numbered(1_000));
  const offsets = await publishMany(server, channel, numbered(200));
  const ada = await visitor(t, server, `${channel}/${offsets[0] - 2_900}`);
  await ada.page.locator(".pointed-at").waitFor();
  const next = ada.page.getByRole("button", { name: "Show the next messages" });
  for (let shown = (await ada.records()).length; shown < 2_000; ) {
    await next.click();
    await waitFor(async () => (await ada.records()).length > shown, { what: `more than ${shown} messages` });
    shown = (await ada.records()).length;
  }
  await next.click();
  await ada.page.locator(".hole", { hasText: "This page shows no more of them" }).waitFor();
  assert.ok((await ada.records()).length < 2_100);
});

test("a link to a message that is not there, or not any more, says so", async (t) => {
  const small = await serve(t, { args: ["--retain-records", "300"] });
  const [channel, other] = [newChannel(), newChannel()];
  await publishMany(small, channel, numbered(100));
  const [elsewhere] = await publishMany(small, other, numbered(1));
  await publishMany(small, channel, numbered(290));
  await waitFor(async () => (await (await fetch(`${small.url}/api/v1/info`)).json()).first === 92, { what: "the trim" });
  const ada = await visitor(t, small, `${channel}/5`);
  await ada.page.getByText("Offset 5 is not there any more: the log begins at offset 92.").waitFor();
  await ada.page.evaluate((hash) => (location.hash = hash), `${channel}/${elsewhere}`);
  await ada.page.getByText(`There is no message at offset ${elsewhere} in #${channel}.`).waitFor();
  assert.deepEqual(await ada.texts(), textsOf(numbered(290)).slice(-FIRST_VISIT));
});

test("where what is older is damaged the page says so, not that the channel begins there", async (t) => {
  const channel = newChannel();
  const offsets = await publishMany(server, channel, numbered(250));
  const ada = await visitor(t, server, channel);
  await ada.page.getByText("message 249", { exact: true }).waitFor();
  await ada.page.route("**/api/v1/log?**", async (route) => {
    const response = await route.fetch();
    const whole = (await response.text()).split("\n").slice(0, 10).join("\n");
    await route.fulfill({ response, body: `${whole}\n{"error":{"code":"damaged","message":"fails its checksum","offset":${offsets[39]}}}\n` });
  });
  await toTop(ada);
  await note(ada, "The log is damaged here.");
});

test("a short channel says where it begins, without being asked", async (t) => {
  const channel = newChannel();
  await publish(server, channel, numbered(3));
  const ada = await visitor(t, server, channel);
  await note(ada, "Here the channel begins.");
  await ada.sees(textsOf(numbered(3)));
});

test("where the API does not answer this browser the page is as it was without it", async (t) => {
  const guarded = await serve(t, { env: { TIDEMARK_API_TOKEN: "a-token-that-nobody-guesses" } });
  const channel = newChannel();
  const messages = numbered(260);
  await publish(guarded, channel, messages);
  const ada = await visitor(t, guarded, channel, { name: "Ada" });
  await ada.sees(textsOf(messages).slice(-FIRST_VISIT));
  await toTop(ada);
  await ada.page.locator("#older").waitFor({ state: "hidden" });
  await ada.says("still here");
  await ada.page.locator("#log").getByText("still here").waitFor();
});

test("a request that failed can be made again", async (t) => {
  const channel = newChannel();
  await publish(server, channel, numbered(250));
  const ada = await visitor(t, server, channel);
  await ada.page.getByText("message 249", { exact: true }).waitFor();
  await ada.page.route("**/api/v1/log?**", (route) => route.abort(), { times: 1 });
  await toTop(ada);
  await note(ada, "could not be read");
  await ada.page.getByRole("button", { name: "Show older messages" }).click();
  await ada.page.getByText("message 0", { exact: true }).waitFor({ state: "attached" });
});
