/** What each carousel position did, sortable, and as a file for a spreadsheet. */
import { useState } from "preact/hooks";
import type { ShopResponse, StatsResponse } from "../../../core/api.ts";
import { useDashboard } from "../context.ts";
import { toCsv } from "../csv.ts";
import { clickRate } from "../metrics.ts";
import { datesOf } from "../range.ts";

type Row = StatsResponse["placements"][number] & { title: string | null; ctr: number | null };
const COLUMNS = ["placement", "rec_render", "rec_view", "rec_click", "ctr", "rec_add_to_cart", "attributed_orders", "attributed_revenue"] as const;
type Column = (typeof COLUMNS)[number];

export function PlacementsPanel() {
  const { store, texts, format } = useDashboard();
  const [sort, setSort] = useState<{ by: Column; descending: boolean }>({ by: "attributed_revenue", descending: true });
  const stats = store.stats.value;
  const period = store.period.value;
  const shop = store.shop.value;
  const rows = stats && shop && sorted(rowsOf(stats, shop), sort);
  const words = texts.placements;
  const best = Math.max(0, ...(rows ?? []).map((row) => row.ctr ?? 0));
  const write = (row: Row, column: Column) => {
    if (column === "attributed_revenue") return format.money(row[column], stats!.currency);
    if (column === "ctr") return format.metric(row.ctr, "share", "");
    return column === "placement" ? row.placement : format.count(row[column]);
  };
  const download = () => {
    const { from, to } = datesOf(period!, stats!.timeZone);
    save(words.fileName(stats!.shop, from, to), placementsCsv(rows!, stats!.currency));
  };
  return (
    <section class="panel placements-panel" aria-labelledby="placements-title" aria-busy={!rows}>
      <div class="panel-head">
        <div>
          <h2 id="placements-title">{words.title}</h2>
          <p class="hint">{words.intro} {words.attributed}</p>
        </div>
        {rows && rows.length > 0 && <button type="button" class="button" onClick={download}>{words.export}</button>}
      </div>
      {!rows ? <span class="bone table-bone" /> : rows.length === 0 ? <p class="empty">{words.empty}</p> : (
        <div class="scroll" tabIndex={0} role="region" aria-label={words.table}>
          <table class="placements">
            <thead>
              <tr>
                {COLUMNS.map((column) => (
                  <th key={column} scope="col" class={column === "placement" ? "" : "number"} aria-sort={sort.by !== column ? undefined : sort.descending ? "descending" : "ascending"}>
                    <button type="button" class="sort" onClick={() => setSort({ by: column, descending: sort.by === column ? !sort.descending : column !== "placement" })}>
                      {words.columns[column]}
                      <span class="sort-mark" aria-hidden="true">{sort.by !== column ? "" : sort.descending ? "↓" : "↑"}</span>
                    </button>
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <tr key={row.placement} data-placement={row.placement}>
                  <th scope="row">{row.title ?? row.placement}{row.title && <span class="hint block">{row.placement}</span>}</th>
                  {COLUMNS.slice(1).map((column) => (
                    <td key={column} class="number" data-column={column}>
                      {column === "ctr" && best > 0 && <span class="meter" aria-hidden="true"><span style={{ width: `${((row.ctr ?? 0) / best) * 100}%` }} /></span>}
                      {write(row, column)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

/** Placements with figures, then those of the shop that nobody has met in this period. */
function rowsOf(stats: StatsResponse, shop: ShopResponse): Row[] {
  const titles = new Map(shop.placements.map(({ id, title }) => [id, title]));
  const counted = stats.placements.map((row) => ({ ...row, title: titles.get(row.placement) ?? null, ctr: clickRate(row) }));
  const met = new Set(counted.map((row) => row.placement));
  const unmet = shop.placements.filter(({ id }) => !met.has(id)).map(({ id, title }): Row => ({
    placement: id, title, ctr: null, rec_render: 0, rec_view: 0, rec_click: 0, rec_add_to_cart: 0, rec_dismiss: 0, attributed_orders: 0, attributed_revenue: 0,
  }));
  return [...counted, ...unmet];
}

function sorted(rows: Row[], { by, descending }: { by: Column; descending: boolean }): Row[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    if (by === "placement") return sign * (a.title ?? a.placement).localeCompare(b.title ?? b.placement);
    return sign * ((a[by] ?? -1) - (b[by] ?? -1));
  });
}

/** The table as a file: names as the edge has them, numbers unrounded and without separators. */
export function placementsCsv(rows: readonly Row[], currency: string): string {
  const header = [...COLUMNS.map((column) => (column === "placement" ? "placement_id" : column)), "currency"];
  header.splice(1, 0, "title");
  return toCsv([header, ...rows.map((row) => [row.placement, row.title, ...COLUMNS.slice(1).map((column) => row[column]), currency])]);
}

function save(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
