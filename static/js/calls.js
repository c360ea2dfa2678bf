// Requests to the API, and what became of them, in the few kinds that make a difference to whoever asked.

const PATIENCE_MS = 15_000;
const KEEPALIVE_BYTES = 60_000; // browsers refuse longer bodies of requests that outlive their page
const LATER = [408, 425, 429];

// {kind: "ok" | "refused" | "signed out" | "gone" | "later", status, body, etag, wait}; never throws. ``wait`` is in
// seconds, ``status`` 0 when no answer came.
export async function call(method, path, { body, headers = {}, patience = PATIENCE_MS, isLast = false } = {}) {
  const text = body === undefined ? undefined : JSON.stringify(body);
  try {
    const response = await fetch(`/api/v1${path}`, {
      method,
      body: text,
      keepalive: isLast && new Blob([text ?? ""]).size < KEEPALIVE_BYTES,
      signal: AbortSignal.timeout(patience),
      headers: { ...headers, ...(text && { "Content-Type": "application/json", "X-CSRFToken": token() }) },
    });
    const told = await response.json().catch(() => null);
    return {
      kind: kindOf(response, told),
      status: response.status,
      body: told,
      etag: response.headers.get("ETag"),
      wait: Number(response.headers.get("Retry-After")) || 0,
    };
  } catch {
    return { kind: "later", status: 0, body: null, etag: null, wait: 0 };
  }
}

// An answer that is not the API's own (a proxy's page, a portal's sign-in) says nothing about what became of the request.
function kindOf({ status, ok }, told) {
  if (status === 304 || (ok && told)) return "ok";
  if (ok || status >= 500 || LATER.includes(status)) return "later";
  if (!told?.detail) return "later";
  return { 401: "signed out", 403: "later", 404: "gone" }[status] ?? "refused";
}

// The cookie is newer than the form on a page that was open while somebody signed in again.
export function token() {
  const cookie = document.cookie.split("; ").find((part) => part.startsWith("csrftoken="));
  return cookie?.slice("csrftoken=".length) ?? document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}
