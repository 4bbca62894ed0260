// The log's HTTP API, asked by this page. Where the server has a token, the person types it in; it is kept for this tab.
const ROOT = "/api/v1";
const TOKEN_KEY = "tidemark:api-token";

export const token = {
  get: () => sessionStorage.getItem(TOKEN_KEY) ?? "",
  set: (value) => sessionStorage.setItem(TOKEN_KEY, value),
};

/** An answer that is no success: status, code and what the server says. */
export class ApiError extends Error {
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
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
  throw new ApiError(response.status, answer?.error?.code ?? "", answer?.error?.message ?? `status ${response.status}`);
}

export const get = async (path, options) => (await ask(path, options)).json();

/** {records in the order asked for, head, damaged: what the server says of a record it could not read} */
export async function readLog(parameters, signal) {
  const response = await ask("/log", { parameters, signal });
  const lines = (await response.text()).split("\n").filter(Boolean).map((line) => JSON.parse(line));
  const damaged = lines.at(-1)?.error?.message;
  return { records: damaged ? lines.slice(0, -1) : lines, head: Number(response.headers.get("Tidemark-Head")), damaged };
}
