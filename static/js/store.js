// What must outlive this page, in the browser's storage; where that is switched off or full, at least until the page is
// left. On a computer that others use, too, it does not outlive the tab.

const KEPT_MS = 7 * 24 * 3600 * 1000;
const OURS = "iv:";
export const FORMS = "iv:f:v1:";
export const OUT = "iv:out";
const memory = new Map();

const place = () => (document.documentElement.dataset.keep === "tab" ? sessionStorage : localStorage);

// Whether it will still be there after a reload.
export function put(key, value) {
  const text = JSON.stringify({ ...value, keptAt: Date.now() });
  try {
    place().setItem(key, text);
    memory.delete(key);
    return true;
  } catch {
    memory.set(key, text);
    return false;
  }
}

export function get(key) {
  return parsed(memory.get(key) ?? stored((storage) => storage.getItem(key)));
}

export function drop(key) {
  memory.delete(key);
  stored((storage) => storage.removeItem(key));
}

// Keys and values that begin so, the oldest first.
export function all(prefix) {
  const found = [...new Set([...keys(), ...memory.keys()])].filter((key) => key.startsWith(prefix));
  const pairs = found.map((key) => [key, get(key)]).filter(([, value]) => value);
  return pairs.sort(([, one], [, other]) => one.keptAt - other.keptAt);
}

// Nothing stays on a device for ever because an interview was never opened there again.
export function purge() {
  for (const [key, value] of all(OURS)) if (Date.now() - value.keptAt > KEPT_MS) drop(key);
}

// Everything about these sessions, and half-filled forms, when somebody signs out of this browser. Their rooms in other
// tabs hear of it.
export function forget(sessions) {
  for (const [key] of all(OURS)) if (key.startsWith(FORMS) || sessions.some((id) => key.includes(id))) drop(key);
  put(OUT, {});
  drop(OUT);
}

// A random name. ``crypto.randomUUID`` is missing on plain HTTP, this is not.
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

function keys() {
  return stored((storage) => Object.keys(storage)) ?? [];
}

function stored(use) {
  try {
    return use(place());
  } catch {
    return null;
  }
}

function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
