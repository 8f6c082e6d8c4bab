/** The chunk of the shopper's panel: what is kept on this device, what it has sent, and every switch over both. */
import { render } from "preact";
import type { Bridge } from "../bridge.ts";
import { takeLook } from "./look.ts";
import { readDevice } from "./record.ts";
import { PANEL_CSS } from "./style.ts";
import { Panel } from "./view.tsx";

let open: { host: HTMLElement; refresh: () => Promise<void> } | undefined;
let listening = false;

/** Opens the panel over the page; where it is open already, nothing happens. */
export async function openPanel(bridge: Bridge): Promise<void> {
  if (open) return;
  const host = document.createElement("endcap-privacy");
  const root = host.attachShadow({ mode: "open" });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(PANEL_CSS);
  root.adoptedStyleSheets = [sheet];
  takeLook(host);
  const close = () => {
    render(null, root);
    host.remove();
    open = undefined;
  };
  const refresh = async () => {
    const record = await readDevice(bridge);
    if (open?.host === host) render(<Panel bridge={bridge} record={record} onClose={close} onChange={refreshSoon} />, root);
  };
  const refreshSoon = () => bridge.faults.watch("panel", refresh());
  open = { host, refresh };
  document.body.append(host);
  await refresh();
  root.querySelector("dialog")?.showModal();
  if (listening) return;
  listening = true;
  bridge.onChange(() => open && bridge.faults.watch("panel", open.refresh()));
}
