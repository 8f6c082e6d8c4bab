/** The colour behind a carousel, which its floating buttons need: pages rarely say it on the element itself. */

/** @returns a CSS colour: the nearest opaque background around the element, else the page's default */
export function surfaceOf(element: Element): string {
  for (let around: Element | null = element; around; around = around.parentElement) {
    const { backgroundColor } = getComputedStyle(around);
    if (backgroundColor && !/^rgba\(.*, 0(\.\d+)?\)$|^transparent$/.test(backgroundColor)) return backgroundColor;
  }
  return "Canvas";
}
