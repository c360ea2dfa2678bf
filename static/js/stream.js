// The stream of a session: WebSocket first, server-sent events where WebSockets are blocked, a look every few seconds
// where both are. It comes back by itself, from the id of the last frame: nothing is missed, nothing is seen twice.

import { call } from "./calls.js";

const PAUSES = [1, 2, 4, 8, 15]; // seconds
const OPEN_MS = 8000; // a proxy that collects a stream lets it hang instead of refusing it
const SILENT_MS = 25_000; // the server gives a sign of life every 15 s
const POLL_MS = 3000;
const POLLS_BEFORE_RETURN = 20;
const CARRIERS = ["socket", "events", "polling"];
const TYPES = [
  "session.sync", "session.updated", "message.created", "message.delta", "message.completed",
  "operation.queued", "operation.started", "operation.failed", "operation.cancelled",
  "precision.updated", "evaluation.completed",
];

export function follow({ session, cursor, onFrame, onState }) {
  let last = cursor;
  let etag = "";
  let failures = 0;
  let blocked = { socket: 0, events: 0 };
  let carrier = CARRIERS[0];
  let wasOpen = false;
  let timer = 0;
  let silence = 0;
  let connection = null;
  let isOver = false;
  let isChecking = false;

  const url = (path, scheme) => {
    const target = new URL(path, location.href);
    if (scheme) target.protocol = target.protocol.replace("http", scheme);
    if (last) target.searchParams.set("cursor", last);
    return target;
  };

  const alive = () => {
    clearTimeout(silence);
    if (carrier === "socket") silence = setTimeout(() => onState("slow", carrier), SILENT_MS);
    onState("live", carrier);
  };

  const opened = () => {
    wasOpen = true;
    failures = 0;
    blocked[carrier] = 0;
    alive();
  };

  const take = (id, event, told) => {
    alive();
    if (!id) return;
    last = id;
    onFrame(event, told);
  };

  const close = () => {
    clearTimeout(timer);
    clearTimeout(silence);
    if (connection) connection.onclose = connection.onerror = connection.onmessage = connection.onopen = null;
    connection?.close();
    connection = null;
  };

  const again = (seconds) => {
    clearTimeout(timer);
    const pause = (seconds ?? PAUSES[Math.min(failures++, PAUSES.length - 1)]) * (800 + Math.random() * 400);
    timer = setTimeout(open, pause);
    return Date.now() + pause;
  };

  // Why it broke: an ordinary request tells a server that is away from a stream that is blocked.
  const lost = async () => {
    close();
    if (isOver || isChecking) return;
    isChecking = true;
    if (failures || wasOpen) onState("reconnecting", carrier);
    const answer = await call("GET", `/sessions/${session}`, { patience: OPEN_MS });
    isChecking = false;
    if (isOver) return;
    if (answer.kind === "signed out" || answer.kind === "gone") return onState(answer.kind, carrier);
    if (answer.kind === "ok" && !wasOpen && ++blocked[carrier] >= 2) {
      carrier = CARRIERS[CARRIERS.indexOf(carrier) + 1];
      return open();
    }
    if (answer.kind === "ok") return again(wasOpen ? 0.3 : undefined);
    return onState(answer.status >= 500 ? "trouble" : "reconnecting", carrier, again());
  };

  const openSocket = () => {
    const socket = new WebSocket(url(`/ws/sessions/${session}/`, "ws"));
    socket.onopen = opened;
    socket.onmessage = ({ data }) => {
      const frame = JSON.parse(data);
      take(frame.id, frame.event, frame.data);
    };
    socket.onclose = ({ code }) => {
      if (code !== 4401 && code !== 4404) return lost();
      close();
      return onState(code === 4401 ? "signed out" : "gone", carrier);
    };
    return socket;
  };

  const openEvents = () => {
    const source = new EventSource(url(`/api/v1/sessions/${session}/stream`));
    source.onopen = opened;
    for (const type of TYPES) {
      source.addEventListener(type, (event) => take(event.lastEventId, type, JSON.parse(event.data)));
    }
    source.onerror = lost; // its own retry would start from the cursor of the address, not from the last id
    return source;
  };

  const poll = async (looks = 0) => {
    const answer = await call("GET", `/sessions/${session}`, { headers: etag ? { "If-None-Match": etag } : {} });
    if (isOver || carrier !== "polling") return;
    if (answer.kind === "signed out" || answer.kind === "gone") return onState(answer.kind, carrier);
    if (answer.kind !== "ok") return onState(answer.status >= 500 ? "trouble" : "reconnecting", carrier, again());
    failures = 0;
    onState("live", carrier);
    if (answer.status === 200) {
      etag = answer.etag;
      last = answer.body.cursor;
      onFrame("session.sync", answer.body);
    }
    if (looks < POLLS_BEFORE_RETURN) timer = setTimeout(poll, POLL_MS, looks + 1);
    else reset();
  };

  const open = () => {
    close();
    wasOpen = false;
    if (carrier === "polling") return poll();
    connection = carrier === "socket" ? openSocket() : openEvents();
    timer = setTimeout(() => wasOpen || lost(), OPEN_MS);
  };

  // What was blocked may be open by now: another network, another proxy.
  const reset = () => {
    carrier = CARRIERS[0];
    blocked = { socket: 1, events: 1 };
    open();
  };

  const now = () => {
    const isUp = connection && connection.readyState <= 1;
    if (!isOver && !isUp && !isChecking) open();
  };

  addEventListener("online", () => {
    onState("reconnecting", carrier);
    if (wasOpen) lost(); // it may have died without a word
    else now();
  });
  addEventListener("offline", () => onState("offline", carrier));
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && carrier !== "polling" && now());
  addEventListener("pagehide", () => {
    isOver = true;
    close();
  });
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    isOver = false;
    open();
  });
  open();
  return now;
}
