// Going away and coming back: nothing is lost, nothing comes twice, and the page says what happened.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import {
  closeBrowser,
  newChannel,
  openBrowser,
  otherLogAt,
  publish,
  serve,
  smallDisk,
  visitor,
  waitFor,
} from "./support.mjs";

before(openBrowser);
after(closeBrowser);

const numbered = (prefix, n) => Array.from({ length: n }, (_, i) => `${prefix} ${i + 1}`);

test("who comes back gets what was missed, and the banner says how much that was", async (t) => {
  const server = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  const grace = await visitor(t, server, channel, { name: "Grace" });
  await ada.says("before");
  await grace.sees(["before"]);
  await ada.goesOffline();
  await ada.bannerSays("What you write will wait here and be sent, once, when the connection is back.");
  await grace.says(...numbered("missed", 3));
  await grace.sees(["before", ...numbered("missed", 3)]);
  await ada.comesBack();
  await ada.bannerSays(/^Back after .+: 3 missed messages\.$/);
  await ada.sees(["before", ...numbered("missed", 3)]);
  await ada.page.getByRole("separator", { name: "New since you looked" }).waitFor();
});

test("what is typed while offline is sent once, in order, after what was missed", async (t) => {
  const server = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  const grace = await visitor(t, server, channel, { name: "Grace" });
  await ada.context.setOffline(true);
  await ada.phase("offline");
  await ada.says(...numbered("typed offline", 4));
  await ada.bannerSays("Your 4 messages will wait here");
  assert.deepEqual(await ada.pending(), numbered("typed offline", 4));
  await grace.says("meanwhile");
  await grace.sees(["meanwhile"]);
  await ada.context.setOffline(false);
  await ada.isLive();
  const all = ["meanwhile", ...numbered("typed offline", 4)];
  await ada.sees(all);
  await grace.sees(all);
});

test("a dropped connection comes back by itself", async (t) => {
  const server = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  await ada.says("before");
  await ada.sees(["before"]);
  await ada.pressInDetails("Drop my connection");
  await ada.bannerSays(/^Back after .+: nothing missed\.$/);
  await ada.says("after");
  await ada.sees(["before", "after"]);
});

test("the session survives a drop and a kill -9 of the server, and belongs to the name given on the page", async (t) => {
  const server = await serve(t);
  const ada = await visitor(t, server, newChannel(), { name: "Ada" });
  const session = ada.page.locator("#detail-session");
  assert.equal(await session.textContent(), "new");
  await ada.pressInDetails("Drop my connection");
  await ada.bannerSays(/^Back after /);
  await waitFor(async () => (await session.textContent()) === "recovered");
  await server.kill9();
  await ada.phase("offline");
  await server.start();
  await ada.isLive();
  await waitFor(async () => (await session.textContent()) === "recovered");
});

test("a refresh keeps messages, position, name and draft, and repeats nothing", async (t) => {
  const server = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  await ada.says(...numbered("said", 5));
  await ada.sees(numbered("said", 5));
  await ada.page.getByLabel("Message", { exact: true }).fill("half a thou");
  const before = await ada.records();
  await ada.page.reload();
  await ada.isLive();
  await ada.sees(numbered("said", 5));
  assert.deepEqual(await ada.records(), before);
  assert.equal(await ada.page.getByLabel("Message", { exact: true }).inputValue(), "half a thou");
  assert.equal(await ada.page.locator("#log .message.own").count(), 5, "own messages are still known as such");
  await publish(server, channel, ["while the page was open again"]);
  await ada.sees([...numbered("said", 5), "while the page was open again"]);
});

test("what this browser remembers is there before the server is", async (t) => {
  const server = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  await ada.says("remember me");
  await ada.sees(["remember me"]);
  await ada.page.routeWebSocket(/socket\.io/, () => {}); // a server that never answers
  await ada.page.reload();
  await ada.sees(["remember me"]);
  assert.notEqual(await ada.page.locator("#status-button").getAttribute("data-phase"), "live");
});

test("messages typed offline survive a refresh and are sent once", async (t) => {
  const server = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  const grace = await visitor(t, server, channel);
  await ada.goesOffline();
  await ada.says(...numbered("kept", 3));
  await ada.page.reload();
  await ada.isLive();
  await ada.sees(numbered("kept", 3));
  await grace.sees(numbered("kept", 3));
});

test("a message whose acknowledgement got lost is stored once", async (t) => {
  const server = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  const grace = await visitor(t, server, channel);
  // The line goes dead towards the page right when the message leaves it: it is stored, but the page cannot know.
  let left = false;
  let deaf = false;
  await ada.page.routeWebSocket(/socket\.io/, (page) => {
    const behind = page.connectToServer();
    page.onMessage((message) => {
      if (!left && String(message).includes('"doubtful"')) left = deaf = true;
      behind.send(message);
    });
    behind.onMessage((message) => {
      if (!deaf) page.send(message);
    });
  });
  await ada.page.reload();
  await ada.isLive();
  await ada.says("doubtful");
  await grace.sees(["doubtful"]);
  assert.deepEqual(await ada.pending(), ["doubtful"]);
  assert.ok(deaf);
  deaf = false;
  await ada.page.reload();
  await ada.isLive();
  await ada.says("certain");
  await ada.sees(["doubtful", "certain"]);
  await grace.sees(["doubtful", "certain"]);
});

test("kill -9 in mid-conversation: nothing is lost, nothing comes twice, everyone sees the same order", async (t) => {
  const server = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  const grace = await visitor(t, server, channel, { name: "Grace" });
  const talking = Promise.all([ada.says(...numbered("a", 40)), grace.says(...numbered("g", 40))]);
  await waitFor(async () => (await ada.records()).length >= 15, { what: "the conversation to be under way" });
  await server.kill9();
  await Promise.all([ada.phase("offline"), grace.phase("offline")]);
  await talking;
  await ada.says("typed while the server was down");
  await server.start();
  await Promise.all([ada.isLive(), grace.isLive()]);

  for (const person of [ada, grace]) {
    await waitFor(async () => (await person.records()).length >= 81, { timeout: 20_000, what: "81 records" });
    await waitFor(async () => (await person.pending()).length === 0, { what: "nothing on its way" });
    await person.sawEachOnceInOrder();
  }
  const records = await ada.records();
  assert.deepEqual(await grace.records(), records);
  const saidBy = (name) => records.filter(({ sender }) => sender === name).map(({ text }) => text);
  assert.deepEqual(saidBy("Ada"), [...numbered("a", 40), "typed while the server was down"]);
  assert.deepEqual(saidBy("Grace"), numbered("g", 40));
  await ada.bannerSays(/^Back after /);
});

test("a server that stopped in good order is found again", async (t) => {
  const server = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  await ada.says("before");
  await ada.sees(["before"]);
  await server.stop();
  await ada.phase("offline");
  await ada.says("in between");
  await server.start();
  await ada.isLive();
  await ada.sees(["before", "in between"]);
});

test("another log that holds nothing here is noticed, too, and a message that becomes its first record stays one's own", async (t) => {
  const old = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, old, channel, { name: "Ada" });
  await ada.says(...numbered("old", 3));
  await ada.sees(numbered("old", 3));
  await old.kill9();
  await ada.phase("offline");
  const other = await otherLogAt(t, old);
  await ada.isLive();
  await ada.page.getByText("The server now keeps another log.").waitFor();
  assert.deepEqual(await ada.texts(), []);
  await ada.says("first");
  await ada.sees(["first"]);
});

test("another log at the same address is noticed, said and shown; what was typed is not lost", async (t) => {
  const old = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, old, channel, { name: "Ada" });
  await ada.says(...numbered("old", 3));
  await ada.sees(numbered("old", 3));
  await old.kill9();
  await ada.phase("offline");
  await ada.says("typed in between");
  const other = await otherLogAt(t, old);
  await publish(other, channel, ["new log"]);
  await ada.isLive();
  await waitFor(async () => (await ada.texts()).includes("typed in between"), { timeout: 20_000 });
  assert.deepEqual((await ada.texts()).sort(), ["new log", "typed in between"]);
  await ada.page.getByText("The server now keeps another log.").waitFor();
});

test("two tabs of one browser share what waits and still send it once", async (t) => {
  const server = await serve(t);
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  await ada.goesOffline();
  await ada.says(...numbered("waiting", 3));
  const first = ada.page;
  await ada.openTab();
  await ada.sees(numbered("waiting", 3));
  const second = ada.page;
  ada.page = first;
  await ada.comesBack();
  await ada.sees(numbered("waiting", 3));
  await ada.says("from the first tab");
  ada.page = second;
  await ada.sees([...numbered("waiting", 3), "from the first tab"]);
});

test("on a full disk the page says why nothing is stored, keeps what was typed, and sends it once there is room", async (t) => {
  const disk = smallDisk(t, 64);
  if (!disk) return;
  const server = await serve(t, { data: join(disk.path, "data"), args: ["--min-free", "16MiB"] });
  const channel = newChannel();
  const ada = await visitor(t, server, channel, { name: "Ada" });
  const grace = await visitor(t, server, channel, { name: "Grace" });
  await ada.says("there is room");
  await grace.sees(["there is room"]);
  disk.fill(4 * 1024 * 1024);
  await ada.says(...numbered("no room", 2));
  await ada.bannerSays(/^The server stores nothing at the moment: only \d+ MiB are free for .+ Your 2 messages will wait here/);
  assert.deepEqual(await ada.pending(), numbered("no room", 2));
  assert.deepEqual(await grace.texts(), ["there is room"]);
  disk.makeRoom();
  await ada.sees(["there is room", ...numbered("no room", 2)]);
  await grace.sees(["there is room", ...numbered("no room", 2)]);
  await ada.banner().filter({ hasNotText: "stores nothing" }).waitFor({ state: "attached" });
});
