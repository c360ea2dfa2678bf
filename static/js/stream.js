// The stream of a session: WebSocket first, server-sent events where WebSockets are blocked. It comes back by itself,
// from the id of the last frame, so nothing is missed and nothing is seen twice.

const PAUSES = [1, 2, 4, 8, 15];

export function follow({ session, cursor, onFrame, onState }) {
  let last = cursor;
  let failures = 0;
  let socketFailures = 0;
  let timer = 0;
  let connection = null;
  let over = false;

  const url = (path, scheme) => {
    const target = new URL(path, location.href);
    if (scheme) target.protocol = target.protocol.replace("http", scheme);
    if (last) target.searchParams.set("cursor", last);
    return target;
  };

  const alive = () => {
    failures = 0;
    onState("live");
  };

  const take = (id, event, data) => {
    alive();
    if (!id) return;
    last = id;
    onFrame(event, data);
  };

  const retry = () => {
    if (over) return;
    onState("reconnecting");
    const pause = PAUSES[Math.min(failures++, PAUSES.length - 1)] * 1000;
    clearTimeout(timer);
    timer = setTimeout(open, pause * (0.8 + Math.random() * 0.4));
  };

  const openSocket = () => {
    let wasOpen = false;
    const socket = new WebSocket(url(`/ws/sessions/${session}/`, "ws"));
    socket.onopen = alive;
    socket.onmessage = ({ data }) => {
      wasOpen = true;
      socketFailures = 0;
      const frame = JSON.parse(data);
      take(frame.id, frame.event, frame.data);
    };
    socket.onclose = ({ code }) => {
      if (code === 4401 || code === 4404) return onState(code === 4401 ? "signed out" : "gone");
      if (!wasOpen) socketFailures += 1;
      if (code === 1012) failures = 0;
      return retry();
    };
    return socket;
  };

  const openEvents = () => {
    const source = new EventSource(url(`/api/v1/sessions/${session}/stream`));
    const types = [
      "session.sync", "session.updated", "message.created", "message.delta", "message.completed",
      "operation.queued", "operation.started", "operation.failed", "operation.cancelled",
      "precision.updated", "evaluation.completed",
    ];
    source.onopen = alive;
    for (const type of types) {
      source.addEventListener(type, (event) => take(event.lastEventId, type, JSON.parse(event.data)));
    }
    source.onerror = () => {
      source.close(); // its own retry would start from the cursor of the address, not from the last id
      retry();
    };
    return source;
  };

  const open = () => {
    clearTimeout(timer);
    connection = socketFailures < 2 ? openSocket() : openEvents();
  };

  const now = () => {
    const state = connection?.readyState;
    const closed = connection instanceof EventSource ? 2 : 3;
    if (state === closed) open();
  };

  addEventListener("online", now);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && now());
  addEventListener("pagehide", () => {
    over = true;
    connection?.close();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    over = false;
    open();
  });
  open();
}
