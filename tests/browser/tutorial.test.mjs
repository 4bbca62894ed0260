// The promise to those who already have a chat: a page with exactly the calls of the Socket.IO tutorial's last step, and
// nothing else, keeps its conversation through drops, refreshes and kill -9.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { chromiumContext, closeBrowser, openBrowser, serve, waitFor } from "./support.mjs";

before(openBrowser);
after(closeBrowser);

const PAGE = `<!doctype html>
<title>An ordinary chat</title>
<ol id="said"></ol>
<form id="writing"><input id="line" autocomplete="off"><button>Send</button></form>
<script src="/socket.io/socket.io.js"></script>
<script>
  let sent = 0;
  const socket = io({ auth: { serverOffset: 0 }, ackTimeout: 10000, retries: 3 });
  document.getElementById("writing").addEventListener("submit", (event) => {
    event.preventDefault();
    const line = document.getElementById("line");
    if (!line.value) return;
    const clientOffset = \`\${socket.id}-\${sent++}\`;
    socket.emit("chat message", line.value, clientOffset);
    line.value = "";
  });
  socket.on("chat message", (msg, serverOffset) => {
    const item = document.createElement("li");
    item.textContent = msg;
    document.getElementById("said").append(item);
    socket.auth.serverOffset = serverOffset;
  });
</script>`;

/** Served at the server's own origin, but by the test: the page is the user's, the server only its backend. */
async function ordinaryPage(t, server) {
  const context = await chromiumContext(t);
  const page = await context.newPage();
  await page.route(`${server.url}/ordinary`, (route) => route.fulfill({ contentType: "text/html", body: PAGE }));
  await page.goto(`${server.url}/ordinary`);
  const said = () => page.locator("#said li").allTextContents();
  return {
    page,
    said,
    connected: () => page.waitForFunction(() => socket.connected),
    disconnected: () => page.waitForFunction(() => !socket.connected),
    async says(...lines) {
      for (const line of lines) {
        await page.locator("#line").fill(line);
        await page.locator("#line").press("Enter");
      }
    },
    async sees(expected) {
      await waitFor(async () => (await said()).length >= expected.length, {
        timeout: 20_000,
        what: `${expected.length} lines`,
      });
      assert.deepEqual(await said(), expected);
    },
  };
}

const numbered = (prefix, n) => Array.from({ length: n }, (_, i) => `${prefix} ${i + 1}`);

test("two ordinary pages talk, and a third one that comes later sees it all", async (t) => {
  const server = await serve(t);
  const ada = await ordinaryPage(t, server);
  const grace = await ordinaryPage(t, server);
  await ada.connected();
  await grace.connected();
  await ada.says("one");
  await grace.sees(["one"]);
  await grace.says("two");
  await ada.sees(["one", "two"]);
  const late = await ordinaryPage(t, server);
  await late.sees(["one", "two"]);
});

test("an ordinary page that was offline gets what it missed, and what was typed there is sent once", async (t) => {
  const server = await serve(t);
  const ada = await ordinaryPage(t, server);
  const grace = await ordinaryPage(t, server);
  await ada.connected();
  await ada.says("before");
  await grace.sees(["before"]);
  await ada.page.context().setOffline(true);
  await ada.disconnected();
  await ada.says(...numbered("typed offline", 2));
  await grace.says(...numbered("missed", 3));
  await grace.sees(["before", ...numbered("missed", 3)]);
  await ada.page.context().setOffline(false);
  const all = ["before", ...numbered("missed", 3), ...numbered("typed offline", 2)];
  await ada.sees(all);
  await grace.sees(all);
});

// Only one page writes while the server is away: without a connection the tutorial's client offsets read "undefined-7",
// the same on every page, so two pages would take each other's messages for their own.
test("kill -9 under two ordinary pages: nothing is lost, nothing comes twice, both see the same order", async (t) => {
  const server = await serve(t);
  const ada = await ordinaryPage(t, server);
  const grace = await ordinaryPage(t, server);
  await ada.connected();
  await grace.connected();
  await grace.says(...numbered("g", 5));
  await ada.sees(numbered("g", 5));
  for (const [round, seen] of [
    [1, 5],
    [2, 35],
  ]) {
    const talking = ada.says(...numbered(`a${round}`, 30));
    await waitFor(async () => (await grace.said()).length >= seen + 5, { what: "the conversation to be under way" });
    await server.kill9();
    await talking;
    await server.start();
    const said = [...numbered("g", 5), ...numbered("a1", 30), ...(round === 2 ? numbered("a2", 30) : [])];
    await ada.sees(said);
    await grace.sees(said);
  }
  const late = await ordinaryPage(t, server);
  await late.sees([...numbered("g", 5), ...numbered("a1", 30), ...numbered("a2", 30)]);
});
