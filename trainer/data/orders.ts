/** Reads the order exports of Shopify and WooCommerce: who bought what, and what was called off. */
import { amountOf, timeOf } from "./acts.ts";
import { columnName, createRowGuard, dayOrderIn, productId, type LogPiece, type ReadContext, type Reader } from "./reader.ts";
import { DataFileError, headOf, place, readRows, separatorOf, splitRow } from "./rows.ts";

/** What an order line is made of. */
const FIELDS = ["order", "customer", "time", "status", "cancelled", "sku", "id", "title", "brand", "quantity", "refunded", "price", "total"] as const;
type Field = (typeof FIELDS)[number];
type Columns = { readonly [F in Field]?: readonly string[] };

/** A field's columns, as `columnName` writes them; the first that is filled counts. */
const SHOPIFY_COLUMNS: Columns = {
  order: ["name"], customer: ["customer_id", "email", "phone", "billing_phone"], time: ["created_at", "paid_at"], status: ["financial_status"], cancelled: ["cancelled_at"],
  sku: ["lineitem_sku"], title: ["lineitem_name"], brand: ["vendor"], quantity: ["lineitem_quantity"], price: ["lineitem_price"],
};
/** Of WooCommerce's own export suites and of Advanced Order Export, with a row per product. */
const WOOCOMMERCE_COLUMNS: Columns = {
  order: ["order_number", "order_number_formatted", "order_id"], customer: ["customer_id", "customer_user", "customer_user_id", "email_billing", "billing_email", "customer_email", "customer_user_email"],
  time: ["order_date", "date_created", "date", "date_paid", "paid_date"], status: ["order_status", "status"],
  sku: ["sku", "item_sku", "product_sku"], id: ["product_id", "item_product_id", "item_id"], title: ["item_name", "product_name"],
  quantity: ["quantity", "item_quantity", "quantity_refund", "qty"], refunded: ["item_refunded_qty", "refunded_quantity"], price: ["item_cost", "item_price"], total: ["item_total", "order_line_total"],
};
/** With a row per order, these columns hold a product each: `name:Mug|product_id:12|sku:MUG|quantity:2|total:20`. */
const LINE_ITEM = /^line_item_\d+$/;

/** Orders that came to nothing: what they held was not bought, or not kept. */
const CALLED_OFF = new Set(["refunded", "voided", "cancelled", "canceled", "failed", "trash", "pending_payment", "checkout_draft", "expired"]);

export const SHOPIFY_ORDERS: Reader = {
  what: "Shopify's export of orders",
  looks: "CSV as the admin writes it under Orders, Export: Name, Email, Financial Status, Created at, Lineitem name, Lineitem sku …",
  detects: ({ columns }) => columns.includes("lineitem_name") && columns.includes("lineitem_quantity"),
  read: (path, context) => readOrders(path, context, SHOPIFY_COLUMNS),
};

export const WOOCOMMERCE_ORDERS: Reader = {
  what: "a WooCommerce export of orders",
  looks: "CSV with order_number or order_id, order_date, status, a customer, and sku, product_id or line_item_1 …",
  detects({ columns }) {
    const has = (field: Field) => WOOCOMMERCE_COLUMNS[field]!.some((name) => columns.includes(name));
    return has("order") && has("time") && has("status") && (columns.some((name) => LINE_ITEM.test(name)) || has("sku") || has("id") || has("title"));
  },
  read: (path, context) => readOrders(path, context, WOOCOMMERCE_COLUMNS),
};

type Line = { [F in Field]: string };

async function* readOrders(path: string, { report, onBytes, known, dates }: ReadContext, columns: Columns): AsyncGenerator<LogPiece[]> {
  const head = await headOf(path);
  const separator = separatorOf(head[0] ?? "");
  const header = (splitRow(head[0] ?? "", separator) ?? []).map(columnName);
  const places = Object.fromEntries(FIELDS.map((field) => [field, (columns[field] ?? []).map((name) => header.indexOf(name)).filter((at) => at >= 0)])) as { [F in Field]: number[] };
  for (const field of ["order", "time"] as const) if (places[field].length === 0) throw new DataFileError(`${path}, line 1: no column ${columns[field]!.map((name) => `"${name}"`).join(" or ")}. The columns are ${header.join(", ")}`);
  const lineItems = header.flatMap((name, at) => (LINE_ITEM.test(name) ? [at] : []));
  const order = dayOrderIn(path, head.slice(1).map((text) => splitRow(text, separator)?.[places.time[0]!] ?? ""), dates);

  // What is said once an order: its further rows leave it empty.
  let newest: Pick<Line, "order" | "customer" | "time" | "status" | "cancelled"> | undefined;
  const guard = createRowGuard(path, report);
  let isHeader = true;
  for await (const rows of readRows(path, { separator, onBytes })) {
    const pieces: LogPiece[] = [];
    for (const { line, cells } of rows) {
      if (isHeader) {
        isHeader = false;
        continue;
      }
      const told = Object.fromEntries(FIELDS.map((field) => [field, places[field].map((at) => cells[at]?.trim() ?? "").find((text) => text !== "" && !(field === "customer" && text === "0")) ?? ""])) as Line;
      const skip = (reason: string, what: string) => guard.bad(line, reason, what);
      if (newest && (told.order === "" || told.order === newest.order)) for (const field of ["order", "customer", "time", "status", "cancelled"] as const) told[field] ||= newest[field];
      newest = told;
      if (told.order === "") {
        skip("row without an order's number", cells.join(separator));
        continue;
      }
      if (told.cancelled !== "" || CALLED_OFF.has(told.status.toLowerCase().replace(/^wc-/, "").replace(/[\s-]+/g, "_"))) {
        report.note("product of an order that was cancelled, refunded or never paid", place(path, line, `${told.order} ${told.status || "cancelled"}`));
        continue;
      }
      const atMs = timeOf(told.time, order);
      if (Number.isNaN(atMs)) {
        skip("date that cannot be read", told.time);
        continue;
      }
      if (told.customer === "") report.note("order without a customer: it stands alone", place(path, line, told.order));
      const products = lineItems.length === 0 ? [told] : lineItems.map((at) => lineItem(cells[at] ?? "")).filter((item) => item !== undefined);
      for (const product of products) {
        const itemId = productId([product.sku, product.id, product.title], known);
        if (itemId === undefined) {
          skip("product without id", told.order);
          continue;
        }
        const ordered = amountOf(product.quantity) ?? 1;
        const quantity = ordered - Math.abs(amountOf(product.refunded) ?? 0);
        if (Number.isNaN(quantity)) {
          skip("quantity that is not a number", product.quantity);
          continue;
        }
        if (quantity <= 0) {
          report.note("product that came back", place(path, line, `${told.order} ${itemId}`));
          continue;
        }
        const total = amountOf(product.total);
        const price = amountOf(product.price) ?? (total === undefined ? undefined : total / ordered);
        guard.good();
        pieces.push({
          act: {
            line, client: told.customer || `order ${told.order}`, name: "purchase", itemId, atMs, quantity, transactionId: told.order,
            ...(price !== undefined && Number.isFinite(price) && price >= 0 && { price }), product: { title: product.title, brand: told.brand },
          },
        });
      }
    }
    yield pieces;
  }
  guard.end();
  if (isHeader) throw new DataFileError(`${path} is empty. A header line is needed`);
}

/** One product of an order's row; undefined for an empty cell. */
function lineItem(cell: string): Line | undefined {
  if (cell.trim() === "") return undefined;
  const fields = new Map(cell.split("|").map((part) => [part.slice(0, part.indexOf(":")).trim(), part.slice(part.indexOf(":") + 1).trim()]));
  const of = (name: string) => fields.get(name) ?? "";
  return { order: "", customer: "", time: "", status: "", cancelled: "", sku: of("sku"), id: of("product_id"), title: of("name"), brand: "", quantity: of("quantity"), refunded: of("refunded"), price: "", total: of("total") };
}
