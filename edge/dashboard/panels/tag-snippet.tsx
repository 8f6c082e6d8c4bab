/** The shop's script tag, with a button that copies it. */
import { useState } from "preact/hooks";
import { useDashboard } from "../context.ts";
import { tagSnippet } from "../../../core/tag.ts";

export function TagSnippet() {
  const { store, texts } = useDashboard();
  const [state, setState] = useState<"idle" | "copied" | "failed">("idle");
  const shop = store.shop.value;
  if (!shop) return <span class="bone table-bone" />;
  const tag = tagSnippet(location.origin, shop.writeKey, shop.signers);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(tag);
      setState("copied");
    } catch {
      setState("failed");
    }
  };
  return (
    <div class="tag">
      <pre class="snippet" tabIndex={0}>{tag}</pre>
      <button type="button" class="button" onClick={() => void copy()}>{texts.health.copy}</button>
      <span class="hint" role="status">{state === "copied" ? texts.health.copied : state === "failed" ? texts.health.copyFailed : ""}</span>
    </div>
  );
}
