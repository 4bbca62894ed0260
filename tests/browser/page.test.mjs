// The page as such: what the server hands out, how it fits, whom it shuts out.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gunzipSync } from "node:zlib";
import http from "node:http";
import { repositoryRoot } from "../harness.mjs";
import { closeBrowser, newChannel, openBrowser, publish, serve, visitor, waitFor } from "./support.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let server;
before(async () => {
  await openBrowser();
  server = await serve();
});
after(async () => {
  await closeBrowser();
  await server?.stop();
});

/** A GET that leaves the body as it came over the wire. */
function get(path, headers = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get(server.url + path, { headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
      );
    });
    request.on("error", reject);
  });
}

test("the stock client is served byte for byte as its package ships it, compressed for those who ask", async () => {
  for (const name of [
    "socket.io.js",
    "socket.io.min.js",
    "socket.io.js.map",
    "socket.io.min.js.map",
    "socket.io.esm.min.js",
  ]) {
    const shipped = readFileSync(join(repositoryRoot, "node_modules/socket.io-client/dist", name));
    const plain = await get(`/socket.io/${name}`);
    assert.equal(plain.status, 200, name);
    assert.equal(plain.headers["content-encoding"], undefined);
    assert.ok(plain.body.equals(shipped), `${name} as shipped`);
    const packed = await get(`/socket.io/${name}`, { "accept-encoding": "gzip" });
    assert.equal(packed.headers["content-encoding"], "gzip", name);
    assert.ok(gunzipSync(packed.body).equals(shipped), `${name} as shipped, unpacked`);
    assert.notEqual(packed.headers.etag, plain.headers.etag, "a strong tag names one encoding");
  }
});

test("a browser that has a file already is told so", async () => {
  const { headers } = await get("/");
  const again = await get("/", { "if-none-match": headers.etag });
  assert.equal(again.status, 304);
  assert.equal(again.body.length, 0);
});

test("the page may load and contact nothing but its own server", async () => {
  const { headers, body } = await get("/");
  assert.match(headers["content-type"], /^text\/html/);
  const policy = headers["content-security-policy"];
  assert.match(policy, /default-src 'none'/);
  assert.match(policy, /script-src 'self'(;|$)/);
  assert.match(policy, /frame-ancestors 'none'/);
  assert.doesNotMatch(policy, /unsafe/);
  assert.doesNotMatch(body.toString(), /(?:src|href)="https?:/);
});

for (const colorScheme of ["light", "dark"]) {
  test(`nobody is shut out of the ${colorScheme} page: names, roles, contrast`, async (t) => {
    const channel = newChannel();
    const ada = await visitor(t, server, channel, { name: "Ada", colorScheme, reducedMotion: "reduce" });
    const findings = async () => {
      await ada.page.evaluate(axe);
      const { violations } = await ada.page.evaluate(() => globalThis.axe.run());
      return violations.map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`,
      );
    };
    assert.deepEqual(await findings(), [], "empty");
    await publish(server, channel, [
      "Somebody",
      ...["Grace", "Linus", "Barbara", "Edsger", "Katherine"].map((name) => ({ name, text: `I am ${name}`, sent: 1 })),
    ]);
    await ada.says("hello");
    await ada.page.getByText("hello").waitFor();
    await ada.isLive();
    assert.deepEqual(await findings(), [], "talking");
    await ada.page.getByRole("button", { name: "connection details" }).click();
    assert.deepEqual(await findings(), [], "details");
    await ada.page.keyboard.press("Escape");
    await ada.goesOffline();
    await ada.says("waiting");
    assert.deepEqual(await findings(), [], "offline");
    await ada.page.getByRole("button", { name: "Channel:" }).click();
    assert.deepEqual(await findings(), [], "channels");
  });
}

test("screen readers hear what is new, not the history", async (t) => {
  const channel = newChannel();
  await publish(server, channel, ["old"]);
  // Written down from inside: each message, and whether the log was announcing when it came.
  const listen = () => {
    globalThis.heard = [];
    new MutationObserver((changes) => {
      for (const { target, addedNodes } of changes) {
        for (const node of addedNodes) {
          if (target.id !== "log" || !node.classList.contains("message")) continue;
          globalThis.heard.push([node.querySelector(".text").textContent, target.getAttribute("aria-live")]);
        }
      }
    }).observe(document, { childList: true, subtree: true });
  };
  const ada = await visitor(t, server, channel, { init: listen });
  const log = ada.page.getByRole("log");
  const announcing = () => ada.page.locator('#log[aria-live="polite"][aria-busy="false"]').waitFor();
  const heard = () => ada.page.evaluate(() => globalThis.heard);
  await announcing();
  await publish(server, channel, ["new"]);
  await log.getByText("new", { exact: true }).waitFor();
  assert.deepEqual(await heard(), [
    ["old", "off"],
    ["new", "polite"],
  ]);
  await ada.page.reload();
  await announcing();
  assert.deepEqual(
    await heard(),
    [
      ["old", "off"],
      ["new", "off"],
    ],
    "what the browser remembers is not announced either",
  );
});

test("a phone 320 pixels wide shows everything without scrolling sideways", async (t) => {
  const channel = newChannel();
  const ada = await visitor(t, server, channel, {
    viewport: { width: 320, height: 568 },
    isMobile: true,
    hasTouch: true,
  });
  const overflow = () =>
    ada.page.evaluate(() => {
      const wide = [...document.querySelectorAll("body *:not(svg *)")].filter((element) => {
        const { right, width } = element.getBoundingClientRect();
        return width > 1 && right > innerWidth + 0.5;
      });
      return {
        page: document.documentElement.scrollWidth - innerWidth,
        wide: wide.map((element) => element.outerHTML.slice(0, 80)),
      };
    });
  const fits = { page: 0, wide: [] };
  assert.deepEqual(await overflow(), fits, "asking for a name");
  await ada.introduce("A name that is as long as it may be, 40 c");
  await publish(server, channel, [
    { name: "W".repeat(400), text: `${"unbroken".repeat(60)}\n${"wide table ".repeat(40)}`, sent: Date.now() },
    { deep: { object: "x".repeat(300) } },
  ]);
  await ada.says("mine");
  await ada.page.locator("#log .own").waitFor();
  assert.deepEqual(await overflow(), fits, "talking");
  await ada.page.getByRole("button", { name: "connection details" }).click();
  assert.deepEqual(await overflow(), fits, "details");
  await ada.page.keyboard.press("Escape");
  await ada.goesOffline();
  await ada.says("waiting");
  assert.deepEqual(await overflow(), fits, "offline");
  const composer = await ada.page.locator(".composer").boundingBox();
  assert.ok(composer.y + composer.height <= 568.5, "the place to write is on screen");
});

for (const viewport of [{ width: 1280, height: 800 }, { width: 375, height: 812 }]) {
  test(`the connection panel covers nothing of what the banner says, and parts no number, ${viewport.width} pixels wide`, async (t) => {
    const channel = newChannel();
    const lines = Array.from({ length: 1_000 }, (_, i) => `{"payload":${i}}\n`).join("");
    const path = `${server.url}/api/v1/channels/${encodeURIComponent(`/chat/${newChannel()}`)}/records`;
    await fetch(path, { method: "POST", body: lines, headers: { "content-type": "application/x-ndjson" } });
    await publish(server, channel, ["beyond offset 1,000"]);
    const ada = await visitor(t, server, channel, { viewport });
    await ada.sees(["beyond offset 1,000"]);
    await ada.page.getByRole("button", { name: "connection details" }).click();
    const linesOf = () =>
      ada.page.locator("#detail-position").evaluate(({ lastChild }) => {
        const range = document.createRange();
        range.selectNodeContents(lastChild);
        const text = lastChild.textContent;
        range.setStart(lastChild, text.lastIndexOf(".") + 1);
        return { number: Number(range.toString()), lines: range.getClientRects().length };
      });
    const { number, lines: taken } = await linesOf();
    assert.ok(number > 1_000, `the offset is ${number}`);
    assert.equal(taken, 1, "the offset is on one line");
    await ada.page.getByRole("button", { name: "Stay offline" }).click();
    await ada.bannerSays("Offline, because you asked for it.");
    const banner = await ada.banner().boundingBox();
    await waitFor(async () => (await ada.page.locator("#status-panel").boundingBox()).y >= banner.y + banner.height, { what: "the panel below the banner" });
    await ada.page.getByRole("button", { name: "Go online again" }).click();
    await ada.isLive();
  });
}

test("the gauge has room for every digit of an offset", async (t) => {
  const ada = await visitor(t, server, newChannel(), { viewport: { width: 375, height: 812 } });
  // As in a log of a billion records.
  const room = await ada.page.evaluate(async () => {
    const { LogView } = await import("/chat/log-view.js");
    const view = new LogView({ seen() {}, dropped() {} });
    view.clear("long");
    view.add({ offset: 1_234_567_890, name: "Ada", text: "far out" });
    view.flush();
    const { scrollWidth, clientWidth } = document.querySelector(".mark");
    return { scrollWidth, clientWidth };
  });
  assert.ok(room.scrollWidth <= room.clientWidth, JSON.stringify(room));
});
