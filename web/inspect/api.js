// The log's HTTP API, asked by this page. Where the server has a token, the person types it in; it is kept for this tab.
import { readRecord } from "./record.js";

const ROOT = "/api/v1";
const TOKEN_KEY = "tidemark:api-token";

export const token = {
  get: () => sessionStorage.getItem(TOKEN_KEY) ?? "",
  set: (value) => sessionStorage.setItem(TOKEN_KEY, value),
};

/** An answer that is no success: status, code, what the server says, and the record that it is about, if it is about one. */
export class ApiError extends Error {
  constructor(status, { code, message, offset }) {
    super(message);
    this.status = status;
    this.code = code;
    this.offset = offset;
  }
}

/** A response of status 2xx; else throws ApiError, or what fetch throws where the server is not there. */
export async function ask(path, { parameters = {}, headers = {}, signal } = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== undefined && value !== ""));
  const authorization = token.get() ? { authorization: `Bearer ${token.get()}` } : {};
  const response = await fetch(`${ROOT}${path}${query.size ? `?${query}` : ""}`, {
    headers: { ...authorization, ...headers },
    signal,
    cache: "no-store",
  });
  if (response.ok) return response;
  const answer = await response.json().catch(() => undefined);
  throw new ApiError(response.status, answer?.error ?? { code: "", message: `status ${response.status}` });
}

export const get = async (path, options) => (await ask(path, options)).json();

/**
 * {records in the order asked for, epoch, first and head of the log, damage: {at, text} of the record that could not be read and
 * ended the answer}. What log it is is not known where the first record could not be read. `cut`: there were more than
 * `charsMost` characters, and what is behind them was left.
 */
export async function readLog(parameters, { charsMost, signal }) {
  const answer = { records: [] };
  let chars = 0;
  for await (const { lines, ...about } of readLogAsItComes(parameters, signal)) {
    Object.assign(answer, about);
    for (const line of lines) {
      if (chars >= charsMost) return { ...answer, damage: undefined, cut: true };
      chars += line.length;
      answer.records.push(readRecord(line));
    }
  }
  return answer;
}

/**
 * The same as it comes, for long answers: pieces of {lines, epoch, first, head}, and where a record could not be read {damage}
 * with the last. Who leaves before the end asks for no more of it.
 */
export async function* readLogAsItComes(parameters, signal) {
  let response;
  try {
    response = await ask("/log", { parameters, signal });
  } catch (error) {
    if (error.code !== "damaged") throw error;
    return yield { lines: [], damage: damageOf(error) };
  }
  const log = logOf(response);
  yield { lines: [], ...log };
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let rest = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      if (lines.at(-1)?.startsWith('{"error":')) {
        const damage = damageOf(new ApiError(500, JSON.parse(lines.pop()).error));
        return yield { lines, ...log, damage };
      }
      yield { lines, ...log };
    }
  } finally {
    reader.cancel().catch(() => {}); // it may have failed already
  }
}

const logOf = ({ headers }) => ({
  epoch: headers.get("Tidemark-Epoch"),
  first: Number(headers.get("Tidemark-First")),
  head: Number(headers.get("Tidemark-Head")),
});

/** Throws what is no damage, or has no place: nobody could go on behind it. */
function damageOf(error) {
  if (error.code !== "damaged" || error.offset === undefined) throw error;
  return { at: error.offset, text: error.message };
}
