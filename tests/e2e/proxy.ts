/** A way to the edge that can fail: stands between browser and edge, and cuts, or loses answers, when told to. */
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";

export type ProxyMode =
  /** Everything passes. */
  | "pass"
  /** Every connection is dropped, as when the edge cannot be reached. */
  | "cut"
  /** Each POST body's first answer is lost after the edge has given it; the second time it arrives. */
  | "lose-first-answer";

export interface Proxy {
  url: string;
  mode: ProxyMode;
  /** Everything that came, as `METHOD /path`. */
  requests: string[];
  /** Requests that came while the mode was "cut". */
  cutRequests: number;
  /** Answers thrown away in "lose-first-answer". */
  lostAnswers: number;
  close(): Promise<void>;
}

export async function startProxy(port: number, target: string): Promise<Proxy> {
  const { hostname, port: targetPort } = new URL(target);
  const answeredOnce = new Set<string>();

  const server = createServer((incoming: IncomingMessage, outgoing: ServerResponse) => {
    const chunks: Buffer[] = [];
    proxy.requests.push(`${incoming.method} ${incoming.url}`);
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      if (proxy.mode === "cut") {
        proxy.cutRequests += 1;
        incoming.socket.destroy();
        return;
      }
      const body = Buffer.concat(chunks);
      const forwarded = request({ hostname, port: targetPort, method: incoming.method, path: incoming.url, headers: { ...incoming.headers, host: `${hostname}:${targetPort}` } }, (answer) => {
        // A batch is the same batch when its client and numbers are; the sending time differs from one attempt to the next.
        const identity = `${incoming.url} ${body.toString().replace(/"sentAtMs":\d+/, "")}`;
        if (proxy.mode === "lose-first-answer" && incoming.method === "POST" && !answeredOnce.has(identity)) {
          answer.on("end", () => {
            answeredOnce.add(identity);
            proxy.lostAnswers += 1;
            incoming.socket.destroy();
          });
          answer.resume();
          return;
        }
        outgoing.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(outgoing);
      });
      forwarded.on("error", () => incoming.socket.destroy());
      forwarded.end(body);
    });
  });
  await new Promise<void>((listening) => server.listen(port, "localhost", listening));
  const proxy: Proxy = {
    url: `http://localhost:${port}`,
    mode: "pass",
    requests: [],
    cutRequests: 0,
    lostAnswers: 0,
    close: () => new Promise((closed) => {
      server.close(() => closed());
      server.closeAllConnections();
    }),
  };
  return proxy;
}
