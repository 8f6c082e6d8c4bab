/** How the shop writes its own section headings, for the carousel's to look like one of them. */

const PROPERTIES = { font: "fontFamily", weight: "fontWeight", size: "fontSize", spacing: "letterSpacing", color: "color" } as const;
/** A heading larger than this is a stage's, not a section's; the carousel has one line of this height. */
const MAX_SIZE_PX = 40;

/**
 * Takes over the look of the visible `h2` nearest to the carousel, as custom properties that the shop's own
 * `--endcap-heading-…` override; without such a heading, the text around the carousel is what is inherited.
 */
export function takeHeadingStyle(host: HTMLElement): void {
  const heading = nearestHeading(host);
  if (!heading) return;
  const style = getComputedStyle(heading);
  for (const [name, property] of Object.entries(PROPERTIES)) host.style.setProperty(`--found-heading-${name}`, style[property]);
}

/** The next headings before and after it are looked at first: they are sections like the carousel. */
function nearestHeading(host: HTMLElement): HTMLElement | undefined {
  const top = host.getBoundingClientRect().top;
  const distance = (heading: HTMLElement) => Math.abs(heading.getBoundingClientRect().top - top);
  const inFooter = "footer, nav, aside, dialog, [role=contentinfo], [role=navigation]";
  return [...host.ownerDocument.querySelectorAll<HTMLElement>("h2")]
    .filter((heading) => heading.offsetParent && heading.offsetWidth > 1 && !heading.closest(inFooter) && parseFloat(getComputedStyle(heading).fontSize) <= MAX_SIZE_PX)
    .sort((a, b) => distance(a) - distance(b))[0];
}
