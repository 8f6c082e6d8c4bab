/** The way between a shop's pages and the edge, which fails in every manner that networks and servers do. */
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import { routes } from "../../core/api.ts";
import type { BatchReceipt, EventBatch } from "../../core/events.ts";

/** What becomes of a POST of events; everything else always passes. */
export type WayMode =
  | { kind: "pass" }
  /** The connection is dropped before anything is answered. */
  | { kind: "refuse" }
  /** Nothing is ever answered. */
  | { kind: "hang" }
  /** Answered without the edge; `readable: false`: as a host in front of the edge does, without the header that lets pages read it. */
  | { kind: "status"; status: number; retryAfterSeconds?: number; readable?: boolean }
  /** Answered so for batches of more events than this. */
  | { kind: "status-above"; events: number; status: number }
  /** The edge counts, and its answer is lost with the connection: for every batch's first time, or for all. */
  | { kind: "commit-then-drop"; first: boolean }
  /** POSTs arrive late, twice, and in another order. */
  | { kind: "disorder" };

export interface Way {
  url: string;
  mode: WayMode;
  /** POSTs of events that have come. */
  posts: number;
  /** `clientId seq` of every event that an answer has told a browser to be counted. */
  acknowledged: Set<string>;
  /** Draws what becomes of POSTs in disorder. */
  random: () => number;
  /** Resolves when what was held back has reached the edge. */
  calm(): Promise<void>;
  close(): Promise<void>;
}

interface Answer {
  status: number;
  headers: IncomingMessage["headers"];
  body: Buffer;
}

const READABLE = { "access-control-allow-origin": "*", "access-control-expose-headers": "retry-after" };
/** The longest that a disorderly way keeps a POST. */
const MAX_DELAY_MS = 1_500;

export async function openWay({ port, edge, random }: { port: number; edge: string; random: () => number }): Promise<Way> {
  const target = new URL(edge);
  const dropped = new Set<string>();
  const late = new Set<Promise<unknown>>();

  const forward = (incoming: IncomingMessage, body: Buffer) => new Promise<Answer>((resolve, reject) => {
    const { method, url } = incoming;
    const onward = request({ hostname: target.hostname, port: target.port, method, path: url, headers: { ...incoming.headers, host: target.host, connection: "close", "accept-encoding": "identity" }, agent: false }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(chunks) }));
    });
    onward.on("error", reject);
    onward.end(body);
  });

  const acknowledge = (text: string, { status, body }: Answer) => {
    if (status !== 200) return;
    const { clientId, events } = JSON.parse(text) as EventBatch;
    const { conflicts, rejected } = JSON.parse(body.toString()) as BatchReceipt;
    const refused = new Set<unknown>([...conflicts, ...rejected.map(({ seq }) => seq)]);
    for (const { seq } of events) if (!refused.has(seq)) way.acknowledged.add(`${clientId} ${seq}`);
  };

  const answerPost = async (incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer) => {
    const { mode } = way;
    const text = body.toString();
    const drop = () => void incoming.socket.destroy();
    const pass = async () => {
      const answer = await forward(incoming, body);
      if (outgoing.destroyed) return;
      acknowledge(text, answer);
      outgoing.writeHead(answer.status, answer.headers).end(answer.body);
    };
    const status = (code: number, headers: { [name: string]: string }) =>
      outgoing.writeHead(code, { "content-type": "application/json", ...headers }).end(JSON.stringify({ error: { code: "fault", message: "A fault, on purpose.", retry: true } }));

    way.posts += 1;
    switch (mode.kind) {
      case "pass":
        return pass();
      case "refuse":
        return drop();
      case "hang":
        return;
      case "status":
        return void status(mode.status, { ...(mode.readable !== false && READABLE), ...(mode.retryAfterSeconds !== undefined && { "retry-after": String(mode.retryAfterSeconds) }) });
      case "status-above":
        return (JSON.parse(text) as EventBatch).events.length > mode.events ? void status(mode.status, READABLE) : pass();
      case "commit-then-drop": {
        // A batch is the same batch when its client and numbers are.
        const { clientId, events } = JSON.parse(text) as EventBatch;
        const identity = `${clientId} ${events.map(({ seq }) => seq).join()}`;
        if (mode.first && dropped.has(identity)) return pass();
        await forward(incoming, body);
        dropped.add(identity);
        return drop();
      }
      case "disorder": {
        const delay = () => new Promise((done) => setTimeout(done, way.random() * MAX_DELAY_MS));
        if (way.random() < 0.4) {
          const again = delay().then(() => forward(incoming, body)).catch(() => {});
          late.add(again);
          void again.then(() => late.delete(again));
        }
        if (way.random() < 0.5) await delay();
        return pass();
      }
    }
  };

  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("error", () => {});
    incoming.on("end", () => {
      const body = Buffer.concat(chunks);
      const isEvents = incoming.method === "POST" && incoming.url === routes.events;
      const answered = isEvents ? answerPost(incoming, outgoing, body) : forward(incoming, body).then(({ status, headers, body: content }) => void outgoing.writeHead(status, headers).end(content));
      // The edge is down: so is the way to it.
      answered.catch(() => incoming.socket.destroy());
    });
  });
  await new Promise<void>((listening) => server.listen(port, "localhost", listening));
  const way: Way = {
    url: `http://localhost:${port}`,
    mode: { kind: "pass" },
    posts: 0,
    acknowledged: new Set(),
    random,
    async calm() {
      while (late.size > 0) await Promise.all(late);
    },
    close: () => new Promise((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    }),
  };
  return way;
}
