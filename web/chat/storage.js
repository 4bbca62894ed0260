// What outlives a refresh: JSON values in localStorage under one prefix.
//
// Browsers may refuse storage (private windows, full quota). Then values live as long as the page: nothing breaks, and
// `write` says so by returning false.
const PREFIX = "tidemark:";
const fallback = new Map();

export function read(key) {
  try {
    const text = fallback.get(key) ?? localStorage.getItem(PREFIX + key);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function write(key, value) {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(PREFIX + key, text);
    fallback.delete(key);
    return true;
  } catch {
    fallback.set(key, text);
    return false;
  }
}

export function remove(key) {
  fallback.delete(key);
  try {
    localStorage.removeItem(PREFIX + key);
  } catch {
    // Nothing was stored there either.
  }
}

/** The keys that begin with `start`. */
export function keys(start) {
  const found = new Set([...fallback.keys()].filter((key) => key.startsWith(start)));
  try {
    for (let i = 0; i < localStorage.length; ++i) {
      const key = localStorage.key(i);
      if (key.startsWith(PREFIX + start)) found.add(key.slice(PREFIX.length));
    }
  } catch {
    // What this page wrote itself is in `fallback`.
  }
  return [...found];
}
