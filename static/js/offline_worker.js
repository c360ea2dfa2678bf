// For when there is no connection: the front page, the practice list and the list of one's own interviews as this
// browser saw them last, and for every other address a page that says so. Loaded by /service-worker.js, which names the
// files; a new set of files is a new worker, and what the old one kept goes.
//
// Pages come from the network whenever there is one. A copy belongs to the reader that the server named with the page
// (who is signed in, and how pages look to them); as soon as a page names another, the copies are gone. Nothing else of
// anybody is kept: no interview, no report, no answer of the API, and no token of a form.

const { files, version } = self.given;
const FILES = `files-${version}`;
const COPIES = "copies-";
const OFFLINE = "/offline";
const KEPT_AT = "X-Kept-At";
const KEPT_MS = 7 * 24 * 3600 * 1000;
// Whoever sends there may be somebody else afterwards, also where no page follows, as in a room.
const SIGNS = /^\/(admin\/)?(login|logout|signup|password|account\/erase)/;
// Machines' and staff's: there a browser says itself that it is offline.
const NOT_OURS = /^\/(admin|api|docs|openapi\.json|health|static|ws)(\/|$)/;

let epoch = 0; // counted up when copies go, so that a page asked for before is not kept after

addEventListener("install", (event) => {
  skipWaiting();
  event.waitUntil(caches.open(FILES).then((cache) => cache.addAll([...files, OFFLINE])));
});

addEventListener("activate", (event) => event.waitUntil(begin()));

addEventListener("fetch", (event) => {
  const { method, mode, url } = event.request;
  const { origin, pathname } = new URL(url);
  if (origin !== location.origin) return;
  if (method !== "GET") {
    if (SIGNS.test(pathname)) event.waitUntil(forget());
  } else if (files.includes(pathname)) {
    event.respondWith(fetch(event.request).catch(() => kept(pathname)));
  } else if (mode === "navigate" && !NOT_OURS.test(pathname)) {
    event.respondWith(page(event));
  }
});

// The pages that are open already came without a worker; they are looked at once more.
async function begin() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== FILES).map((name) => caches.delete(name)));
  await clients.claim();
  const open = await clients.matchAll({ type: "window" });
  const addresses = new Set(open.map(({ url }) => url.split("#")[0]));
  const at = epoch;
  for (const url of addresses) if (isCopied(url)) await look(url).then((answer) => learn(url, answer, at), () => {});
}

const isCopied = (url) => ["/", "/practice/", "/sessions/"].some((path) => url === location.origin + path);

// Without using up what the next page is to say.
const look = (url) => fetch(url, { headers: { Accept: "text/html", "X-Room": "refresh" } });

async function page(event) {
  const { request } = event;
  const at = epoch;
  try {
    const answer = await fetch(request);
    event.waitUntil(learn(request.url.split("#")[0], answer.clone(), at));
    return answer;
  } catch {
    return (await copyOf(request.url)) ?? (await kept(OFFLINE, 503));
  }
}

async function learn(url, answer, at) {
  const reader = answer.headers.get("X-Reader");
  if (!reader || at !== epoch) return;
  const name = COPIES + reader;
  await forget(name);
  const now = epoch;
  const cache = await caches.open(name);
  if (!(await cache.match(OFFLINE, { ignoreVary: true }))) await cache.add(OFFLINE).catch(() => {});
  if (answer.headers.get("X-Copy") === "yes") await cache.put(url, await withoutTokens(answer));
  if (now !== epoch) await caches.delete(name); // gone meanwhile
}

async function forget(except = "") {
  const names = await caches.keys();
  const gone = names.filter((name) => name.startsWith(COPIES) && name !== except);
  if (gone.length || !except) epoch += 1;
  await Promise.all(gone.map((name) => caches.delete(name)));
}

async function withoutTokens(answer) {
  const text = await answer.text();
  const headers = new Headers(answer.headers);
  for (const name of ["Content-Encoding", "Content-Length"]) headers.delete(name); // of what came over the wire
  headers.set(KEPT_AT, new Date().toISOString());
  return new Response(text.replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, "$1"), { headers });
}

// The page says since when it is so, and its buttons do nothing (see offline.js).
async function copyOf(url) {
  const found = await caches.match(url, { ignoreVary: true });
  const at = found?.headers.get(KEPT_AT);
  if (!at || Date.now() - Date.parse(at) > KEPT_MS) return undefined;
  const text = (await found.text()).replace("<html", `<html data-shown-from="${at}"`);
  return new Response(text, { headers: found.headers });
}

// What the reader's language and colours are in comes first: "copies" before "files".
async function kept(address, status = 200) {
  for (const cacheName of (await caches.keys()).sort()) {
    const found = await caches.match(address, { cacheName, ignoreVary: true });
    if (found) return new Response(found.body, { status, headers: found.headers });
  }
  return Response.error();
}
