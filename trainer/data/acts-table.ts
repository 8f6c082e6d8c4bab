/** Reads tables with one act a row: columns with the usual names are understood, others by a mapping. */
import { actNameOf, amountOf, timeOf, type Act, type ActName } from "./acts.ts";
import { columnName, createRowGuard, dayOrderIn, type LogPiece, type Mapping, type ReadContext, type Reader } from "./reader.ts";
import { DataFileError, headOf, readRows, separatorOf, splitRow } from "./rows.ts";

type Field = keyof Mapping["columns"];

/** What these columns are called in logs that many have: ours, REES46's, RetailRocket's, RecSys Challenge 2015's, Instacart-like exports. The first name that a file has counts. */
const NAMES: { readonly [F in Field]: readonly string[] } = {
  client: ["client_id", "clientid", "visitorid", "visitor_id", "user_id", "userid", "customer_id", "customerid", "customer", "email", "user_pseudo_id", "anonymous_id", "device_id", "user", "session_id", "sessionid", "user_session"],
  event: ["event", "event_type", "event_name", "action", "behavior", "behaviour", "type"],
  item: ["item_id", "itemid", "product_id", "productid", "sku", "asin", "article_id", "item", "product"],
  time: ["timestamp", "event_time", "occurred_at", "time", "datetime", "date", "created_at", "order_date", "t_dat", "eventdate"],
  price: ["price", "unit_price", "item_price"],
  quantity: ["quantity", "qty"],
  transaction: ["transaction_id", "transactionid", "order_id", "orderid", "ordernumber", "order_number", "invoice", "invoice_no"],
  title: ["item_name", "product_name", "title", "name"],
  brand: ["brand", "item_brand", "vendor"],
  category: ["category_code", "category", "item_category", "product_type", "category_id"],
  person: ["person"],
};
/** Without these nothing can be learnt. */
const REQUIRED = ["client", "item", "time"] as const;

/** How tables write that there is no client. */
const NOBODY = /^(?:|na|nan|null|none|\\n|undefined)$/i;

/** Which column holds what. */
type Places = { [F in Field]: number };

export const ACTS_TABLE: Reader = {
  what: "a table with one act a row",
  looks: "CSV or TSV with columns for who, what, when and which act, e.g. client_id, event, item_id, timestamp (REES46, RetailRocket and RecSys Challenge 2015 have theirs); any others with --mapping",
  detects: ({ columns }) => REQUIRED.every((field) => NAMES[field].some((name) => columns.includes(name))),
  read: readActs,
};

async function* readActs(path: string, { report, onBytes, mapping, dates }: ReadContext): AsyncGenerator<LogPiece[]> {
  const lines = await headOf(path);
  const separator = mapping?.separator ?? separatorOf(lines[0] ?? "");
  const header = splitRow(lines[0] ?? "", separator) ?? [];
  const places = placesOf(header, mapping, path);
  const order = dayOrderIn(path, lines.slice(1).map((line) => splitRow(line, separator)?.[places.time] ?? ""), mapping?.dates ?? dates);
  const events = mapping?.events && new Map(Object.entries(mapping.events));
  const constant = mapping?.event;
  // A table of orders need not say that they are orders; one without either is of views.
  const silent: ActName = (constant === undefined ? undefined : actNameOf(constant)) ?? (places.transaction >= 0 ? "purchase" : "view_item");
  if (places.event < 0) report.remark(`${path} does not say what was done, so every row counts as ${silent}.`);
  const names = new Map<string, ActName | undefined>();
  const nameOf = (text: string) => {
    if (!names.has(text)) names.set(text, actNameOf(events?.get(text) ?? text));
    return names.get(text);
  };
  // Who is not logged in still has a session.
  const clientColumns = mapping ? [places.client] : NAMES.client.map((name) => header.findIndex((cell) => columnName(cell) === name)).filter((at) => at >= 0);
  const clientIn = (cells: readonly string[]) => {
    for (const [i, at] of clientColumns.entries()) {
      const text = cells[at]?.trim() ?? "";
      if (!NOBODY.test(text)) return i === 0 ? text : `${header[at]!} ${text}`;
    }
    return "";
  };
  const guard = createRowGuard(path, report);
  let isHeader = true;
  for await (const rows of readRows(path, { separator, onBytes })) {
    const pieces: LogPiece[] = [];
    for (const { line, cells } of rows) {
      if (isHeader) {
        isHeader = false;
        continue;
      }
      const skip = (reason: string, what: string) => guard.bad(line, reason, what);
      const cell = (field: Field) => (places[field] < 0 ? undefined : cells[places[field]]);
      const client = clientIn(cells);
      const itemId = cells[places.item]?.trim() ?? "";
      if (client === "") {
        skip(`no ${header[places.client]!.trim()}`, cells.join(","));
        continue;
      }
      const name = places.event < 0 ? silent : nameOf(cells[places.event] ?? "");
      if (name === undefined) {
        skip("event that Endcap does not know", cells[places.event] ?? "");
        continue;
      }
      if (itemId === "") {
        skip("no product", cells.join(","));
        continue;
      }
      const atMs = timeOf(cells[places.time] ?? "", order);
      if (Number.isNaN(atMs)) {
        skip("timestamp that cannot be read", cells[places.time] ?? "");
        continue;
      }
      const price = amountOf(cell("price"));
      const quantity = amountOf(cell("quantity"));
      if (Number.isNaN(price) || Number.isNaN(quantity)) {
        skip("price or quantity that is not a number", `${cell("price") ?? ""} × ${cell("quantity") ?? ""}`);
        continue;
      }
      const act: Act = { line, client, name, itemId, atMs, price, quantity, transactionId: cell("transaction")?.trim() || undefined };
      // A negative quantity is how order lines write what came back.
      if (quantity !== undefined && quantity < 0) Object.assign(act, { name: "refund", quantity: -quantity });
      const title = cell("title");
      const brand = cell("brand");
      const category = cell("category");
      if (title || brand || category) act.product = { title, brand, category: category?.replace(/\s*[./>]\s*/g, " > ") };
      const person = cell("person")?.trim();
      if (person) act.person = person;
      guard.good();
      pieces.push({ act });
    }
    yield pieces;
  }
  guard.end();
  if (isHeader) throw new DataFileError(`${path} is empty. A header line with columns for who, which product and when is needed`);
}

/** @throws DataFileError where a column is missing */
function placesOf(header: readonly string[], mapping: Mapping | undefined, path: string): Places {
  const columns = header.map(columnName);
  const places = {} as Places;
  for (const field of Object.keys(NAMES) as Field[]) {
    const mapped = mapping?.columns[field];
    if (mapping) places[field] = mapped === undefined ? -1 : header.findIndex((cell) => cell.trim() === mapped);
    else places[field] = NAMES[field].map((name) => columns.indexOf(name)).find((at) => at >= 0) ?? -1;
    if (mapped !== undefined && places[field] < 0) throw new DataFileError(`${path}, line 1: no column "${mapped}", which the mapping names for "${field}". The columns are ${header.join(", ")}`);
  }
  for (const field of REQUIRED) if (places[field] < 0) throw new DataFileError(`${path}, line 1: no column for "${field}". The columns are ${header.join(", ")}; write a mapping and name it with --mapping`);
  return places;
}

