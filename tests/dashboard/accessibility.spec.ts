/** What assistive technology and weak eyes need: landmarks, headings, names, contrast (WCAG 2.2 AA). */
import { expect, NEXT_ANSWER_MS, test } from "./dashboard.ts";

for (const scheme of ["light", "dark"] as const) {
  test(`every text stands out from its ground in the ${scheme} scheme`, async ({ page, edge, open }) => {
    edge.paused = true;
    await page.emulateMedia({ colorScheme: scheme, reducedMotion: "reduce" });
    await open("?metric=clicks");
    edge.outage = { status: 503, error: { code: "overloaded", message: "The ledger is busy.", retry: true } };
    await page.clock.fastForward(NEXT_ANSWER_MS);
    await expect(page.getByRole("alert")).toBeVisible();
    const { checked, faint } = await page.evaluate(() => {
      const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true })!;
      const paint = (colours: string[]): number[] => {
        context.clearRect(0, 0, 1, 1);
        for (const colour of colours) {
          context.fillStyle = colour;
          context.fillRect(0, 0, 1, 1);
        }
        return [...context.getImageData(0, 0, 1, 1).data.slice(0, 3)];
      };
      const luminance = (rgb: number[]) => {
        const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
      };
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      const faint: string[] = [];
      let checked = 0;
      for (let node = texts.nextNode(); node; node = texts.nextNode()) {
        const element = node.parentElement!;
        if (!node.textContent!.trim() || !element.checkVisibility() || element.closest(".visually-hidden, noscript")) continue;
        const style = getComputedStyle(element);
        const grounds: string[] = [];
        for (let at: Element | null = element; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
        const [text, ground] = [luminance(paint([...grounds, style.color])), luminance(paint(grounds))];
        const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
        const sizePx = parseFloat(style.fontSize);
        const large = sizePx >= 24 || (sizePx >= 18.66 && Number(style.fontWeight) >= 700);
        checked += 1;
        if (contrast < (large ? 3 : 4.5)) faint.push(`${contrast.toFixed(2)} "${node.textContent!.trim().slice(0, 40)}"`);
      }
      return { checked, faint };
    });
    expect(checked).toBeGreaterThan(100);
    expect(faint).toEqual([]);
  });
}

test("landmarks, headings and names tell the page's order", async ({ page, open }) => {
  await open();
  await expect(page.getByRole("banner")).toHaveCount(1);
  await expect(page.getByRole("main")).toHaveCount(1);
  const levels = await page.getByRole("heading").evaluateAll((headings) => headings.map((heading) => Number(heading.tagName.slice(1))));
  expect(levels[0]).toBe(1);
  expect(levels.filter((level) => level === 1)).toHaveLength(1);
  levels.forEach((level, index) => expect(level - (levels[index - 1] ?? 0), `heading ${index}`).toBeLessThanOrEqual(1));
  const nameless = await page.locator("button, a[href], input, [role=region], [role=img]").evaluateAll((elements) =>
    elements.filter((element) => !(element.getAttribute("aria-label") ?? element.textContent ?? "").trim() && !(element as HTMLInputElement).labels?.length).map((element) => element.outerHTML));
  expect(nameless).toEqual([]);
  await expect(page.locator("html")).toHaveAttribute("lang", "en");
});

test("targets for fingers measure at least 24 pixels", async ({ page, open }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await open();
  const small = await page.locator("button:visible").evaluateAll((buttons) =>
    buttons.map((button) => ({ text: button.textContent, box: button.getBoundingClientRect() })).filter(({ box }) => box.width < 24 || box.height < 24).map(({ text, box }) => `${text}: ${box.width} × ${box.height}`));
  expect(small).toEqual([]);
});
