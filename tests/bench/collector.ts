/** A server that speaks just enough of the peers' protocols to acknowledge their events, and counts each by its marker. */
import { createServer, type IncomingMessage } from "node:http";
import { gunzipSync } from "node:zlib";

export type CollectorMode =
  | "answer"
  /** Connections are dropped. */
  | "refuse"
  | "unavailable"
  /** Events are taken, and the answer is lost with the connection. */
  | "take-then-drop";

export interface Collector {
  url: string;
  mode: CollectorMode;
  /** The ids under which a marker's event has come: what was sent again under its own id is one event, as at the peers' servers. */
  received: Map<string, Set<string>>;
  close(): Promise<void>;
}

/** Markers begin so, and nothing else in a request does. */
const MARKER = /^bench-/;

export async function startCollector(port: number): Promise<Collector> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => {});
    request.on("end", () => {
      const { mode } = collector;
      // Without the browser's leave nothing with their headers is ever sent; a server that is down does not give it either.
      const headers = {
        "access-control-allow-origin": request.headers.origin ?? "*", "access-control-allow-credentials": "true", "access-control-allow-methods": "GET, POST",
        "access-control-allow-headers": request.headers["access-control-request-headers"] ?? "*", "content-type": "application/json",
      };
      if (mode === "refuse") return void request.socket.destroy();
      if (request.method === "OPTIONS") return void response.writeHead(204, headers).end();
      if (mode === "unavailable") return void response.writeHead(503, headers).end("{}");
      const events = eventsIn(request, Buffer.concat(chunks));
      for (const { marker, id } of events) collector.received.set(marker, (collector.received.get(marker) ?? new Set()).add(id));
      if (mode === "take-then-drop" && events.length > 0) return void request.socket.destroy();
      // PostHog asks for its settings; it reads this as "nothing beyond capture".
      response.writeHead(200, headers).end(JSON.stringify({ status: 1, success: true, supportedCompression: ["gzip-js"], featureFlags: {}, sessionRecording: false }));
    });
  });
  await new Promise<void>((listening) => server.listen(port, "localhost", listening));
  const collector: Collector = {
    url: `http://localhost:${port}`,
    mode: "answer",
    received: new Map(),
    close: () => new Promise((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    }),
  };
  return collector;
}

/** Every event in a request, whichever library wrote it; an event without an id of its own has its arrival's. */
function eventsIn(request: IncomingMessage, body: Buffer): { marker: string; id: string }[] {
  const found: { marker: string; id: string }[] = [];
  const visit = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const { event, se_ac, uuid, messageId, eid, properties } = value as { [name: string]: unknown };
    const marker = [event, se_ac].find((name) => typeof name === "string" && MARKER.test(name)) as string | undefined;
    const own = uuid ?? messageId ?? eid ?? (properties as { [name: string]: unknown } | undefined)?.["$insert_id"];
    if (marker !== undefined) found.push({ marker, id: typeof own === "string" ? own : `arrival ${(arrivals += 1)}` });
    else Object.values(value).forEach(visit);
  };
  visit(parseBody(request, body));
  return found;
}
let arrivals = 0;

function parseBody(request: IncomingMessage, body: Buffer): unknown {
  if (body.length === 0) return null;
  const text = (body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body).toString();
  try {
    // PostHog's beacons are forms with the JSON in base64.
    if (text.startsWith("data=")) return JSON.parse(Buffer.from(new URLSearchParams(text).get("data")!, "base64").toString());
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`the collector cannot read ${request.method} ${request.url}: ${text.slice(0, 200)}`, { cause });
  }
}
