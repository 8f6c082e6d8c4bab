/** The API's description as OpenAPI 3.1, made of the table of operations: nothing in it is written twice. @see https://spec.openapis.org/oas/v3.1.0 */
import { OPERATIONS, type Access, type Operation } from "./merchant-api.ts";
import type { Schema } from "./schema.ts";

const ERROR = {
  type: "object",
  required: ["error"],
  properties: { error: { type: "object", required: ["code", "message", "retry"], properties: { code: { type: "string", description: "stable; programs may depend on it" }, message: { type: "string", description: "for a person" }, retry: { type: "boolean", description: "whether the same request may succeed later" } } } },
} as const satisfies Schema;

const SECURITY: { readonly [A in Access]: readonly object[] } = {
  public: [], webhook: [], dashboard: [{ session: [] }], operator: [{ operator: [] }], metrics: [{ metrics: [] }],
  read: merchant("read"), import: merchant("import"), publish: merchant("publish"), manage: merchant("manage"),
};

/** @param server the edge's origin */
export function openApi(server: string): object {
  const paths: { [path: string]: { [method: string]: object } } = {};
  for (const operation of OPERATIONS) {
    const path = operation.path.replace(/:(\w+)/g, "{$1}");
    (paths[path] ??= {})[operation.method.toLowerCase()] = describe(operation);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Endcap", version: "1", description: "Product recommendations computed on the shopper's own device: the edge's API." },
    servers: [{ url: server }],
    paths,
    components: {
      schemas: { Error: ERROR },
      securitySchemes: {
        operator: { type: "http", scheme: "bearer", description: "the operator's token, ADMIN_TOKEN" },
        metrics: { type: "http", scheme: "bearer", description: "METRICS_TOKEN" },
        merchant: { type: "http", scheme: "bearer", description: "a token of the shop, with the scope named by the operation" },
        session: { type: "apiKey", in: "cookie", name: "__Host-endcap" },
      },
    },
  };
}

function describe({ method, path, access, summary, query = {}, request, status, response, headers = {} }: Operation): object {
  const parameters = [
    ...[...path.matchAll(/:(\w+)/g)].map(([, name]) => ({ name, in: "path", required: true, schema: { type: "string" } })),
    ...Object.entries(query).map(([name, schema]) => ({ name, in: "query", required: false, schema })),
  ];
  return {
    operationId: `${method.toLowerCase()}${path.replace(/^\/(v1\/)?/, "/").replace(/:(\w+)/g, "by-$1").replace(/[^A-Za-z0-9]+(.)/g, (_, letter: string) => letter.toUpperCase()).replace(/\W/g, "")}`,
    summary,
    security: SECURITY[access],
    ...(parameters.length > 0 && { parameters }),
    ...(request !== undefined && { requestBody: { required: true, content: content(request) } }),
    responses: {
      [status]: {
        description: summary,
        ...(response !== null && { content: content(response) }),
        ...(Object.keys(headers).length > 0 && { headers: Object.fromEntries(Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: "string" } }])) }),
      },
      default: { description: "A refusal", content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } } },
    },
  };
}

function content(body: Schema | string): object {
  return typeof body === "string" ? { [body]: {} } : { "application/json": { schema: body } };
}

function merchant(scope: string): readonly object[] {
  return [{ merchant: [scope] }, { session: [] }];
}
