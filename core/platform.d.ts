// The few globals that browsers, Workers and Node all have. Core may use these and nothing else of
// any platform; everything richer (fetch, storage, clocks) is passed in.
declare class TextEncoder { encode(text: string): Uint8Array<ArrayBuffer> }
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(bytes: Uint8Array): string;
}
declare const crypto: {
  getRandomValues<T extends Uint8Array>(array: T): T;
  readonly subtle: { digest(algorithm: "SHA-256", data: Uint8Array): Promise<ArrayBuffer> };
};
declare function btoa(binary: string): string;
declare function atob(base64: string): string;
declare class URL {
  constructor(url: string, base?: string);
  readonly origin: string;
}
