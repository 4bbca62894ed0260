// What the tests of the HTTP API share: requests, JSON lines, a reader of Server-Sent Events, and the OpenAPI document as a
// judge of answers.
import assert from "node:assert/strict";
import http from "node:http";
import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import { waitFor, within } from "./support.mjs";

export const API = "/api/v1";

export const document = JSON.parse(readFileSync(new URL("../../web/api/openapi.json", import.meta.url), "utf8"));

const ajv = new Ajv2020({ strict: false, allErrors: true });
// The formats that stand in parameters only are checked by the server itself.
ajv.addFormat("date-time", true);
ajv.addSchema({ $id: "openapi", ...document });

/** Fails with what is wrong with the value, by the name of a schema in the document or by an operation's answer. */
function judge(pointer, value, what) {
  const validate = ajv.getSchema(`openapi#${pointer}`);
  assert.ok(validate, `the document has nothing at ${pointer}`);
  assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)} in ${JSON.stringify(value)}`);
}

export const assertSchema = (name, value) => judge(`/components/schemas/${name}`, value, name);

const escaped = (text) => text.replaceAll("~", "~0").replaceAll("/", "~1");

/** Which path of the document a request is for. */
function documentedPath(path) {
  const found = Object.keys(document.paths).find((one) =>
    new RegExp(`^${one.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path.slice(API.length)),
  );
  assert.ok(found, `${path} is not in the document`);
  return found;
}

/** One request, whose answer must be as the document says. */
export async function call(url, path, { method = "GET", ...options } = {}) {
  const response = await within(fetch(url + path, { method, ...options }), `${method} ${path}`);
  const text = await response.text();
  const type = response.headers.get("content-type");
  const answer = { status: response.status, headers: response.headers, text, type };
  if (method === "OPTIONS" || method === "HEAD") return answer;
  if (!(response.status === 404 && !Object.keys(document.paths).some((one) => path.startsWith(API + one.split("{")[0])))) {
    const documented = documentedPath(path.split("?")[0]);
    const pointer = `/paths/${escaped(documented)}/${method.toLowerCase()}/responses/${response.status}/content/${escaped(type)}/schema`;
    const values = type === "application/x-ndjson" ? linesOf(text) : [JSON.parse(text)];
    for (const value of values) judge(pointer, value, `${response.status} of ${method} ${path}`);
  }
  if (type === "application/json") answer.json = JSON.parse(text);
  return answer;
}

export function linesOf(text) {
  if (text === "") return [];
  assert.ok(text.endsWith("\n"), `the last line has no end: ${text.slice(-80)}`);
  return text.slice(0, -1).split("\n").map((line) => JSON.parse(line));
}

/** The records of one GET /api/v1/log. */
export async function readLog(url, parameters = {}, options) {
  const query = new URLSearchParams(parameters);
  const answer = await call(url, `${API}/log${query.size ? `?${query}` : ""}`, options);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.type, "application/x-ndjson");
  return linesOf(answer.text);
}

export const offsetsOf = (records) => records.map((record) => record.offset);

/** Publishes; the payload is sent as the given text. */
export function publish(url, channel, text, { key, query = "", headers } = {}) {
  return call(url, `${API}/channels/${encodeURIComponent(channel)}/records${query}`, {
    method: "POST",
    body: text,
    headers: { ...(key === undefined ? {} : { "idempotency-key": key }), ...headers },
  });
}

/** An error's code; its message must name all of `words`. */
export function assertError(answer, status, code, ...words) {
  assert.equal(answer.status, status, answer.text);
  assert.equal(answer.json.error.code, code);
  for (const word of words) assert.ok(answer.json.error.message.includes(word), `${word} is not in: ${answer.json.error.message}`);
}

/** A reader of GET /api/v1/stream that writes down every event, and can stop to read. */
export class Stream {
  events = []; // {id, event, data}
  comments = 0;
  ended = false;
  text = "";

  static async open(t, url, parameters = {}, headers = {}) {
    const stream = new Stream();
    const target = `${url}${API}/stream?${new URLSearchParams(parameters)}`;
    stream.response = await within(
      new Promise((resolve, reject) => {
        stream.request = http.get(target, { headers, agent: false }, resolve);
        stream.request.on("error", reject);
      }),
      "the head of a stream",
    );
    t.after(() => stream.close());
    stream.response.setEncoding("utf8");
    stream.response.on("data", (text) => stream.#take(text));
    stream.response.on("end", () => (stream.ended = true));
    stream.response.on("error", () => (stream.ended = true));
    assert.equal(stream.response.statusCode, 200);
    assert.equal(stream.response.headers["content-type"], "text/event-stream");
    await waitFor(() => stream.events.length > 0, { what: "the stream's first event" });
    assert.equal(stream.events[0].event, "log");
    assertSchema("StreamLog", stream.events[0].data);
    return stream;
  }

  #take(text) {
    this.text += text;
    for (let end; (end = this.text.indexOf("\n\n")) !== -1; this.text = this.text.slice(end + 2)) {
      const fields = {};
      for (const line of this.text.slice(0, end).split("\n")) {
        const [, name, value] = /^([a-z]*): ?(.*)$/.exec(line);
        if (name === "") this.comments++;
        fields[name] = value;
      }
      if (fields.data === undefined) continue;
      const event = { id: fields.id, event: fields.event ?? "message", data: JSON.parse(fields.data) };
      if (event.event === "message") assertSchema("Record", event.data);
      if (event.event === "gap") assertSchema("StreamGap", event.data);
      if (event.event === "unreadable") assertSchema("Error", event.data);
      this.events.push(event);
    }
  }

  get start() {
    return this.events[0].data;
  }
  records() {
    return this.events.filter(({ event }) => event === "message").map(({ data }) => data);
  }
  gaps() {
    return this.events.filter(({ event }) => event === "gap").map(({ data }) => data);
  }
  async receives(count) {
    await waitFor(() => this.records().length >= count, { what: `${count} records of a stream` }).catch((error) => {
      throw new Error(`${error.message}; came: ${JSON.stringify(offsetsOf(this.records()))}`);
    });
    return this.records();
  }
  pause() {
    this.response.pause();
  }
  resume() {
    this.response.resume();
  }
  close() {
    this.request.destroy();
  }
}
