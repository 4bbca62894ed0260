// From whom a message came, on the chat page: who has no name in it is named by what the log notes, and no name plays tricks.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browserAndServer, newChannel, publish, serve, visitor, waitFor } from "./support.mjs";

const TOKEN = "a-token-that-nobody-guesses";
const server = await browserAndServer();

/** Publishes over the HTTP API, as `tidemark append` does with the sender "tidemark". */
async function append(on, channel, payload, { sender, token } = {}) {
  const path = `/api/v1/channels/${encodeURIComponent(`/chat/${channel}`)}/records${sender ? `?sender=${encodeURIComponent(sender)}` : ""}`;
  const headers = token ? { authorization: `Bearer ${token}` } : {};
  const response = await fetch(on.url + path, { method: "POST", body: JSON.stringify(payload), headers });
  assert.equal(response.status, 201);
}

const senders = async (person) => (await person.records()).map(({ sender }) => sender);
const shows = (person, expected) =>
  waitFor(async () => JSON.stringify(await senders(person)) === JSON.stringify(expected), { what: `the senders ${expected}` }).catch(async (error) => {
    throw new Error(`${error.message}; there were ${JSON.stringify(await senders(person))}`);
  });

test("a message without a name is shown with the sender that the log notes, at once and after a reload", async (t) => {
  const channel = newChannel();
  await append(server, channel, "from a terminal", { sender: "tidemark" });
  await append(server, channel, "from a program");
  const ada = await visitor(t, server, channel, { name: "Ada" });
  await append(server, channel, "from the harbour", { sender: "harbour office" });
  await append(server, channel, { text: "a message of a person's", name: "Grace" }, { sender: "not shown" });
  await publish(server, channel, ["from a client without a name"]);
  const expected = ["command line", "HTTP API", "harbour office", "Grace", "a program"];
  await shows(ada, expected);
  const times = () => ada.page.locator("#log .message time").count();
  await waitFor(async () => (await times()) === expected.length, { what: "the time of every message" });
  await ada.page.reload();
  await ada.isLive();
  await shows(ada, expected);
  assert.equal(await times(), expected.length);
});

test("names that become known group what one sender said in a row, and part what two did", async (t) => {
  const channel = newChannel();
  for (const sender of ["mill", "mill", "quay"]) await append(server, channel, `from the ${sender}`, { sender });
  const ada = await visitor(t, server, channel);
  await shows(ada, ["mill", "mill", "quay"]);
  const grouped = () => ada.page.locator("#log .message").evaluateAll((all) => all.map((one) => one.classList.contains("grouped")));
  assert.deepEqual(await grouped(), [false, true, false]);
});

test("names that become known leave who is at the end there, however much room they take", async (t) => {
  const channel = newChannel();
  const expected = Array.from({ length: 40 }, (_, n) => (n % 2 ? "mill" : "quay"));
  for (const sender of expected) await append(server, channel, `from the ${sender}`, { sender });
  const ada = await visitor(t, server, channel);
  await shows(ada, expected);
  const scroller = ada.page.locator("#scroller");
  assert.ok(await scroller.evaluate((e) => e.scrollHeight > e.clientHeight));
  assert.ok(await scroller.evaluate((e) => e.scrollHeight - e.scrollTop - e.clientHeight < 2));
});

test("where the API does not answer this page, a nameless message is a program's", async (t) => {
  const guarded = await serve(t, { env: { TIDEMARK_API_TOKEN: TOKEN } });
  const channel = newChannel();
  await append(guarded, channel, "from a terminal", { sender: "tidemark", token: TOKEN });
  const ada = await visitor(t, guarded, channel, { name: "Ada" });
  await shows(ada, ["a program"]);
  assert.match(await ada.page.locator("#log .sender").getAttribute("title"), /command line, the HTTP API or another program/);
  await append(guarded, channel, "another", { sender: "tidemark", token: TOKEN });
  await shows(ada, ["a program", "a program"]);
});

test("a character that turns the rest of a line round is shown by its code and turns nothing", async (t) => {
  const channel = newChannel();
  await publish(server, channel, [{ name: "evil\u202egnirts", text: "see \u202egpj.exe\u0000 now \u2067", sent: Date.now() }]);
  const ada = await visitor(t, server, channel);
  const message = ada.page.locator("#log .message");
  await message.waitFor();
  const codes = (part) => message.locator(`${part} .trick`).evaluateAll((all) => all.map((one) => one.dataset.code));
  assert.deepEqual(await codes(".sender"), ["U+202E"]);
  assert.deepEqual(await codes(".text"), ["U+202E", "U+0000", "U+2067"]);
  assert.equal(await message.locator(".text").textContent(), "see \u202egpj.exe\u0000 now \u2067");
  const [first, last] = await message.locator(".text").evaluate((text) => {
    const letters = [...text.childNodes].find((node) => node.textContent === "gpj.exe");
    return [0, 6].map((at) => {
      const range = document.createRange();
      range.setStart(letters, at);
      range.setEnd(letters, at + 1);
      return range.getBoundingClientRect().left;
    });
  });
  assert.ok(first < last, `g stands at ${first}, the last e at ${last}`);
});

test("a channel whose name has such a character is not gone to", async (t) => {
  const ada = await visitor(t, server, newChannel());
  const before = ada.page.url();
  await ada.page.getByRole("button", { name: "Channel:" }).click();
  await ada.page.getByLabel("Go to a channel").fill("abc\u202edef");
  await ada.page.keyboard.press("Enter");
  await ada.page.getByText("Letters, digits, dots and hyphens make a channel's name.").waitFor();
  assert.equal(ada.page.url(), before);
});
