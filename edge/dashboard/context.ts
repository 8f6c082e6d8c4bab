/** What every panel gets: the store, the words, and how figures are written. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Format } from "./format.ts";
import type { Store } from "./store.ts";
import type { Texts } from "./texts.ts";

export interface Dashboard { store: Store; texts: Texts; format: Format }

export const DashboardContext = createContext<Dashboard | null>(null);

/** @throws Error outside of the dashboard's tree */
export function useDashboard(): Dashboard {
  const dashboard = useContext(DashboardContext);
  if (!dashboard) throw new Error("useDashboard is called outside of the dashboard");
  return dashboard;
}
