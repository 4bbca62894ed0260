// A real browser on a real server: opens the chat page as different people and reads what they see.
//
// Every page is watched: an uncaught error, a console error or a violated content security policy fails the test that
// caused it. The one exception is what the browser itself reports when the network is away, which tests bring about.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after } from "node:test";
import { chromium } from "playwright-core";
import { io } from "socket.io-client";
import { startServer, tempDir, waitFor } from "../harness.mjs";

export { smallDisk, waitFor } from "../harness.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const CHROMIUM = process.env.TIDEMARK_CHROMIUM ?? "/usr/bin/chromium";
const WAIT_MS = 20_000;
const NETWORK_AWAY = /net::ERR_|WebSocket connection to .* failed|Failed to load resource/;

let browser;

/** One browser per test file; each `visitor` is a profile of its own. */
export async function openBrowser() {
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

export const closeBrowser = () => browser?.close();

/**
 * The server for one test or, without `t`, for one file. Under this name a browser that is set offline loses its
 * connection at once: the stock client ignores the browser's offline event at "localhost".
 */
export async function serve(t, options) {
  const server = await startServer(options);
  server.url = server.url.replace("localhost", "127.0.0.1");
  t?.after(() => server.kill9());
  return server;
}

/** The browser and the server of one test file, which go with its last test. */
export async function browserAndServer() {
  let server;
  after(async () => {
    await closeBrowser();
    await server?.stop();
  });
  await openBrowser();
  server = await serve();
  return server;
}

/** Another log at the address of a server that is gone. */
export async function otherLogAt(t, { port }) {
  const other = await startServer({ port, data: tempDir() });
  t.after(() => other.kill9());
  return other;
}

/** A channel nobody else uses: tests of one file share a server, not a channel. */
export const newChannel = () => `t-${randomBytes(5).toString("hex")}`;

/** A person with a browser of their own, on the chat page and, if a name is given, ready to write. */
export async function visitor(t, server, channel, { name, live = true, init, ...contextOptions } = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 700 }, ...contextOptions });
  context.setDefaultTimeout(WAIT_MS);
  if (init) await context.addInitScript(init);
  const person = new Visitor(context, server, channel);
  t.after(async () => {
    await context.close();
    assert.deepEqual(person.complaints, [], "the page caused no errors and no policy violations");
  });
  await person.openTab(name, live);
  return person;
}

/** A browser profile for a page that is not ours. */
export async function chromiumContext(t) {
  const context = await browser.newContext();
  context.setDefaultTimeout(WAIT_MS);
  t.after(() => context.close());
  return context;
}

class Visitor {
  constructor(context, server, channel) {
    this.context = context;
    this.server = server;
    this.channel = channel;
    this.complaints = [];
  }

  async openTab(name, live = true) {
    const page = await this.context.newPage();
    this.page = page;
    page.on("pageerror", (error) => this.complaints.push(`uncaught: ${error.stack ?? error}`));
    page.on("console", (message) => {
      if (message.type() === "error" && !NETWORK_AWAY.test(message.text())) this.complaints.push(message.text());
    });
    await page.goto(`${this.server.url}/#${this.channel}`);
    if (live) await this.isLive();
    if (name !== undefined) await this.introduce(name);
    return page;
  }

  async introduce(name) {
    await this.page.getByLabel("What should the others call you?").fill(name);
    await this.page.getByRole("button", { name: "Start writing" }).click();
    await this.page.getByLabel("Message", { exact: true }).waitFor();
    await this.isLive();
  }

  async says(...texts) {
    const field = this.page.getByLabel("Message", { exact: true });
    for (const text of texts) {
      await field.fill(text);
      await field.press("Enter");
    }
  }

  phase(phase) {
    return this.page.locator(`#status-button[data-phase="${phase}"]`).waitFor();
  }

  isLive() {
    return this.phase("live");
  }

  /** The records on screen, in order: {offset, sender, text}. */
  records() {
    return this.page.locator("#log .message").evaluateAll((messages) =>
      messages.map((message) => ({
        offset: Number(message.id.replace("at-", "")),
        sender: message.querySelector(".sender").textContent,
        text: message.querySelector(".text").textContent,
      })),
    );
  }

  async texts() {
    return (await this.records()).map(({ text }) => text);
  }

  pending() {
    return this.page.locator("#pending .text").allTextContents();
  }

  /** Waits until exactly these texts are on screen and nothing is on its way, then checks that order and offsets hold. */
  async sees(expected) {
    await waitFor(async () => (await this.texts()).length >= expected.length && (await this.pending()).length === 0, {
      timeout: WAIT_MS,
      what: `${expected.length} records on screen`,
    }).catch(async (error) => {
      error.message += `; there were ${JSON.stringify(await this.texts())}, pending ${JSON.stringify(await this.pending())}`;
      throw error;
    });
    assert.deepEqual(await this.texts(), expected);
    await this.sawEachOnceInOrder();
  }

  async sawEachOnceInOrder() {
    const offsets = (await this.records()).map(({ offset }) => offset);
    const ascending = [...new Set(offsets)].sort((a, b) => a - b);
    assert.deepEqual(offsets, ascending, "offsets ascend and none comes twice");
    assert.equal(await this.page.locator("#detail-repeated").textContent(), "0", "nothing was received twice");
  }

  banner() {
    return this.page.locator("#banner-state");
  }

  bannerSays(text) {
    return this.banner().filter({ hasText: text }).waitFor();
  }

  async pressInDetails(button) {
    await this.page.getByRole("button", { name: "connection details" }).click();
    await this.page.getByRole("button", { name: button }).click();
    await this.page.keyboard.press("Escape");
    await this.page.locator("#status-panel").waitFor({ state: "hidden" });
  }

  async goesOffline() {
    await this.pressInDetails("Stay offline");
    await this.phase("offline");
  }

  comesBack() {
    return this.pressInDetails("Go online again");
  }
}

/** Publishes payloads as they are, with the stock client and without a page. */
export async function publish(server, channel, payloads, event = "chat message") {
  const socket = io(`${server.url}/chat/${channel}`, { forceNew: true, transports: ["websocket"] });
  try {
    const acks = [];
    for (const payload of payloads) {
      acks.push(await socket.timeout(WAIT_MS).emitWithAck(event, payload, randomBytes(8).toString("hex")));
    }
    return acks;
  } finally {
    socket.disconnect();
  }
}

/** The same for very many JSON values, by the HTTP API, at once. Gives their offsets. */
export async function publishMany(server, channel, payloads) {
  const path = `${server.url}/api/v1/channels/${encodeURIComponent(`/chat/${channel}`)}/records`;
  const body = payloads.map((payload) => `${JSON.stringify({ payload })}\n`).join("");
  const answer = await fetch(path, { method: "POST", body, headers: { "content-type": "application/x-ndjson" } });
  return (await answer.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line).offset);
}

/** What shuts people out of a page as it is: names, roles, contrast. */
export async function findings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`);
}
