/** A small edge over real HTTP for tests of what speaks to it: counts by client and number, keeps what it is given. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { EXPORT_CURSOR_HEADER, EXPORT_MORE_HEADER, type ImportLine, type ImportReport } from "../../core/api.ts";

export const TOKEN = "merchant-token";

export interface SmallEdge {
  url: string;
  /** What was counted: the event's JSON by `client number`. */
  counted: Map<string, string>;
  /** Every request that came in, in order. */
  requests: { method: string; path: string; body: string }[];
  /** Answers instead of the edge, once per entry, for requests whose path contains `path`. */
  faults: { path: string; act: (response: ServerResponse, count: () => string) => void }[];
  products: unknown[];
  exportPages: string[];
  close(): Promise<void>;
}

export function refuse(response: ServerResponse, status: number, code: string, retry: boolean, headers: Record<string, string> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify({ error: { code, message: `Because of ${code}.`, retry } }));
}

export async function startSmallEdge(): Promise<SmallEdge> {
  const edge: Omit<SmallEdge, "url" | "close"> = { counted: new Map(), requests: [], faults: [], products: [], exportPages: [] };
  const server = createServer((request, response) => void handle(edge, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(edge, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    }),
  });
}

async function handle(edge: Omit<SmallEdge, "url" | "close">, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "", url: path = "" } = request;
  let body = "";
  try {
    for await (const chunk of request.setEncoding("utf8") as AsyncIterable<string>) body += chunk;
  } catch {
    return;
  }
  edge.requests.push({ method, path, body });
  if (path === "/health") return void response.end("{}");
  if (request.headers.authorization !== `Bearer ${TOKEN}`) return refuse(response, 401, "wrong-token", false);
  const fault = edge.faults.findIndex((entry) => path.includes(entry.path));
  if (fault >= 0) return edge.faults.splice(fault, 1)[0]!.act(response, () => countLines(edge, body));
  if (path.endsWith("/import")) return void response.end(countLines(edge, body));
  if (path.endsWith("/catalogue") && method === "PUT") {
    edge.products = body.split("\n").filter(Boolean).map((line) => JSON.parse(line) as unknown);
    return void response.end(JSON.stringify({ imported: edge.products.length, rejected: 0, errors: [], sha256: "0".repeat(64) }));
  }
  if (path.endsWith("/catalogue")) return void response.end(JSON.stringify({ currency: "GBP", products: edge.products }));
  if (path.includes("/export/events")) {
    const at = Number(new URL(path, "http://edge").searchParams.get("cursor") ?? 0);
    const next = Math.min(at + 1, edge.exportPages.length);
    return void response.writeHead(200, { [EXPORT_CURSOR_HEADER]: String(next), [EXPORT_MORE_HEADER]: next < edge.exportPages.length ? "1" : "0" }).end(edge.exportPages[at] ?? "");
  }
  if (/\/shops\/[a-z]+$/.test(path)) return void response.end(JSON.stringify({ shop: "gifts", name: "Gifts", currency: "GBP" }));
  if (path.endsWith("/shops")) return void response.end(JSON.stringify({ shop: "gifts", writeKey: "w", merchantToken: "m" }));
  refuse(response, 404, "no-such-route", false);
}

function countLines(edge: Pick<SmallEdge, "counted">, body: string): string {
  const report: ImportReport = { accepted: 0, duplicate: 0, conflicts: 0, rejected: 0, errors: [] };
  body.split("\n").forEach((text, index) => {
    const { clientId, events } = JSON.parse(text) as ImportLine;
    for (const event of events) {
      const key = `${clientId} ${event.seq}`;
      const json = JSON.stringify(event);
      const known = edge.counted.get(key);
      if ((event.name as string) === "nonsense") {
        report.rejected += 1;
        report.errors.push({ line: index + 1, seq: event.seq, code: "unknown-event", message: "is no event" });
      } else if (known === undefined) {
        edge.counted.set(key, json);
        report.accepted += 1;
      } else if (known === json) report.duplicate += 1;
      else report.conflicts += 1;
    }
  });
  return JSON.stringify(report);
}
