/** How the shop writes its own section headings, for the carousel's to look like one of them. */

const PROPERTIES = { font: "fontFamily", weight: "fontWeight", size: "fontSize", spacing: "letterSpacing", color: "color" } as const;
/** A heading larger than this is a stage's, not a section's; the carousel has one line of this height. */
const MAX_SIZE_PX = 40;

/**
 * Takes over the look of the visible `h2` nearest to the carousel, as custom properties that the shop's own
 * `--endcap-heading-…` override. On a page without sections of its own, the page's title lends its face and colour,
 * but not its size; without any heading, the text around the carousel is what is inherited.
 */
export function takeHeadingStyle(host: HTMLElement): void {
  const section = nearestHeadings(host, "h2").find((heading) => parseFloat(getComputedStyle(heading).fontSize) <= MAX_SIZE_PX);
  const heading = section ?? nearestHeadings(host, "h1")[0];
  if (!heading) return;
  const style = getComputedStyle(heading);
  for (const [name, property] of Object.entries(PROPERTIES)) {
    if (section || name !== "size") host.style.setProperty(`--found-heading-${name}`, style[property]);
  }
}

/** Visible headings outside of frames such as the footer, the nearest first: they are sections like the carousel. */
function nearestHeadings(host: HTMLElement, level: "h1" | "h2"): HTMLElement[] {
  const top = host.getBoundingClientRect().top;
  const distance = (heading: HTMLElement) => Math.abs(heading.getBoundingClientRect().top - top);
  const frames = "footer, nav, aside, dialog, [role=contentinfo], [role=navigation]";
  return [...host.ownerDocument.querySelectorAll<HTMLElement>(level)]
    .filter((heading) => heading.offsetParent && heading.offsetWidth > 1 && !heading.closest(frames))
    .sort((a, b) => distance(a) - distance(b));
}
