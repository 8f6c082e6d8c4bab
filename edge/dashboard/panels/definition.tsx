/** A question mark that opens a figure's definition, in the browser's own popover (Escape and a click beside it close it). */
import { useRef } from "preact/hooks";
import { useDashboard } from "../context.ts";

/** Distance from the button and from the window's edge, in CSS pixels. */
const GAP = 8;

export function Definition({ id, title, label, body }: { id: string; title: string; label: string; body: string }) {
  const { texts } = useDashboard();
  const button = useRef<HTMLButtonElement>(null);
  const popover = useRef<HTMLDivElement>(null);
  // Popovers stand in the top layer, apart from their button; CSS anchors are not in every browser yet.
  const place = (event: { newState: string }) => {
    if (event.newState !== "open") return;
    const anchor = button.current!.getBoundingClientRect();
    const { style, offsetWidth, offsetHeight } = popover.current!;
    const below = anchor.bottom + GAP;
    style.left = `${Math.max(GAP, Math.min(anchor.right - offsetWidth, document.documentElement.clientWidth - offsetWidth - GAP))}px`;
    style.top = `${below + offsetHeight < innerHeight ? below : Math.max(GAP, anchor.top - offsetHeight - GAP)}px`;
  };
  return (
    <>
      <button ref={button} type="button" class="ask" aria-label={label} popovertarget={`definition-${id}`}>?</button>
      <div ref={popover} id={`definition-${id}`} class="definition" popover="auto" role="note" aria-label={label} onToggle={place}>
        <p class="definition-title">{title}</p>
        <p>{body}</p>
        <button type="button" class="button quiet" popovertarget={`definition-${id}`} popovertargetaction="hide">{texts.close}</button>
      </div>
    </>
  );
}
