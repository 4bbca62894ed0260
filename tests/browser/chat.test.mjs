// Talking on the chat page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserAndServer, newChannel, publish, visitor, waitFor } from "./support.mjs";

const server = await browserAndServer();

test("two people in one channel see the same conversation, in the same order", async (t) => {
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  const grace = await visitor(t, server, channel, { name: "Grace" });
  await ada.says("one");
  await grace.sees(["one"]);
  await grace.says("two", "three");
  await ada.sees(["one", "two", "three"]);
  await grace.sees(["one", "two", "three"]);
  assert.deepEqual(await ada.records(), await grace.records());
  assert.deepEqual(
    (await ada.records()).map(({ sender }) => sender),
    ["Ada", "Grace", "Grace"],
  );
});

test("one's own message gets its tick and its offset", async (t) => {
  const ada = await visitor(t, server, newChannel(), { name: "Ada" });
  await ada.says("mine");
  await ada.sees(["mine"]);
  const message = ada.page.locator("#log .message.own");
  await message.getByText("stored").waitFor({ state: "attached" });
  const [{ offset }] = await ada.records();
  assert.equal(await message.locator(".mark").textContent(), `Offset ${offset}`);
  assert.match(await ada.page.locator("#detail-position").textContent(), new RegExp(`^[0-9a-f]{16}\\.${offset}$`));
});

test("channels are separate, and the address bar says which one it is", async (t) => {
  const [first, second] = [newChannel(), newChannel()];
  const ada = await visitor(t, server, first, { name: "Ada" });
  await ada.says("in the first");
  await ada.sees(["in the first"]);
  await ada.page.getByRole("button", { name: "Channel:" }).click();
  await ada.page.getByLabel("Go to a channel").fill(second);
  await ada.page.keyboard.press("Enter");
  await ada.page.waitForURL(`**/#${second}`);
  await ada.isLive();
  await ada.says("in the second");
  await ada.sees(["in the second"]);
  await ada.page.goBack();
  await ada.isLive();
  await ada.sees(["in the first"]);
});

test("whatever others publish is shown as text and nothing else", async (t) => {
  const channel = newChannel();
  const markup = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
  const payloads = [
    "a plain string",
    markup,
    { name: markup, text: markup, sent: "yesterday" },
    { name: 7, text: "no name", sent: 1e300 },
    { text: 42 },
    { entirely: { other: ["things", null, true] } },
    [1, 2, 3],
    12.5,
    true,
    null,
    "",
    Buffer.from("binary"),
    { with: { a: Buffer.from("binary") } },
    "\u202eright to left \u0000 \u2028 \ud83c\udf0a",
  ];
  const ada = await visitor(t, server, channel);
  await publish(server, channel, payloads);
  const expected = [
    "a plain string",
    markup,
    markup,
    "no name",
    '{"text":42}',
    '{"entirely":{"other":["things",null,true]}}',
    "[1,2,3]",
    "12.5",
    "true",
    "null",
    "",
    "(binary, 6 bytes)",
    '{"with":{"a":"(binary, 6 bytes)"}}',
    "\u202eright to left \u0000 \u2028 \ud83c\udf0a",
  ];
  await ada.sees(expected);
  assert.equal(await ada.page.locator("#log :is(img, script)").count(), 0);
  assert.equal(await ada.page.title(), `#${channel} · Tidemark`);
  // From this browser's memory, too.
  await ada.page.reload();
  await ada.isLive();
  await ada.sees(expected);
});

test("a very long message does not hold up the page", async (t) => {
  const channel = newChannel();
  const ada = await visitor(t, server, channel);
  await publish(server, channel, ["x".repeat(500_000), "after it"]);
  await waitFor(async () => (await ada.records()).length === 2);
  const [long, after] = await ada.texts();
  assert.ok(long.length <= 20_001 && long.endsWith("…"), `${long.length} characters shown`);
  assert.equal(after, "after it");
});

test("everything can be done with the keyboard alone", async (t) => {
  const [first, second] = [newChannel(), newChannel()];
  const ada = await visitor(t, server, first);
  const { keyboard } = ada.page;
  const focused = () => ada.page.evaluate(() => document.activeElement.id);
  const tabTo = async (id) => {
    for (let presses = 0; presses < 30; ++presses) {
      if ((await focused()) === id) return;
      await keyboard.press("Tab");
    }
    assert.fail(`${id} cannot be reached with the Tab key`);
  };
  await tabTo("name");
  await keyboard.type("Ada");
  await keyboard.press("Enter");
  assert.equal(await focused(), "text");
  await keyboard.type("first line");
  await keyboard.press("Shift+Enter");
  await keyboard.type("second line");
  await keyboard.press("Enter");
  await ada.sees(["first line\nsecond line"]);
  assert.equal(await focused(), "text", "sending keeps the place to write");

  await tabTo("channel-button");
  await keyboard.press("Enter");
  assert.equal(await focused(), "channel-field");
  await keyboard.press("Escape");
  await ada.page.locator("#channel-panel").waitFor({ state: "hidden" });
  assert.equal(await focused(), "channel-button", "Escape leads back to where one came from");
  await keyboard.press("Enter");
  await keyboard.type(second);
  await keyboard.press("Enter");
  await ada.page.waitForURL(`**/#${second}`);
  await ada.isLive();

  await tabTo("status-button");
  await keyboard.press("Enter");
  await tabTo("hold-button");
  await keyboard.press("Space");
  await ada.phase("offline");
  await keyboard.press("Space");
  await ada.isLive();
  await keyboard.press("Escape");
  await tabTo("scroller");
});

test("new messages do not pull a reader down who has scrolled up", async (t) => {
  const channel = newChannel();
  const history = Array.from({ length: 60 }, (_, n) => `message ${n}`);
  await publish(server, channel, history);
  const ada = await visitor(t, server, channel);
  await ada.sees(history);
  const scroller = ada.page.locator("#scroller");
  await scroller.evaluate((element) => element.scrollTo(0, 0));
  await ada.page.locator("#log .message").first().waitFor();
  await waitFor(() => scroller.evaluate((element) => element.scrollTop === 0));
  await publish(server, channel, ["the newest", "and one more"]);
  const pill = ada.page.getByRole("button", { name: "2 new messages" });
  await pill.waitFor();
  assert.equal(await scroller.evaluate((element) => element.scrollTop), 0);
  await pill.click();
  await pill.waitFor({ state: "hidden" });
  await ada.page.getByText("and one more").waitFor();
  assert.ok(await scroller.evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2));
});

test("the document stays bounded however much is said", async (t) => {
  const channel = newChannel();
  const ada = await visitor(t, server, channel);
  const texts = Array.from({ length: 620 }, (_, n) => `message ${n}`);
  await publish(server, channel, texts);
  await ada.page.getByText("message 619", { exact: true }).waitFor();
  await waitFor(async () => (await ada.page.locator("#log > *").count()) === 500);
  assert.deepEqual((await ada.texts()).slice(-400), texts.slice(-400));
  await ada.sawEachOnceInOrder();
});

test("a link to an offset leads to that message", async (t) => {
  const channel = newChannel();
  const acks = await publish(
    server,
    channel,
    Array.from({ length: 80 }, (_, n) => `message ${n}`),
  );
  const ada = await visitor(t, server, `${channel}/${acks[3].offset}`);
  await ada.page.locator(`#at-${acks[3].offset}.pointed-at`).waitFor();
  await ada.page.getByText("message 3", { exact: true }).waitFor();
});

test("a refused message stays, says why, and can be sent again", async (t) => {
  const channel = newChannel();
  let refuse = true;
  const ada = await visitor(t, server, channel, { name: "Ada" });
  // Stands between page and server, and answers the publish with a refusal in the server's place.
  await ada.page.routeWebSocket(/socket\.io/, (page) => {
    const behind = page.connectToServer();
    page.onMessage((message) => {
      const id = /^42\/chat\/[^,]+,(\d+)\["chat message"/.exec(String(message))?.[1];
      if (!refuse || id === undefined) return behind.send(message);
      page.send(`43/chat/${channel},${id}[{"error":{"code":"refused","message":"Not in this tone."}}]`);
    });
  });
  await ada.page.reload();
  await ada.isLive();
  await ada.says("rude");
  await ada.page.getByRole("alert").filter({ hasText: "Not in this tone." }).waitFor();
  await ada.page.reload();
  await ada.isLive();
  await ada.page.getByRole("alert").filter({ hasText: "Not in this tone." }).waitFor();
  refuse = false;
  await ada.page.getByRole("button", { name: "Try again" }).click();
  await ada.sees(["rude"]);
});
