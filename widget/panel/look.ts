/** The shop's own look, for what stands beside its pages: its fonts, its colours, the shape of its buttons. */
import { surfaceOf } from "../ui/colours.ts";

/** WCAG 2.2 AA for text. */
const LEAST_CONTRAST = 4.5;
/** A button that is rounder than this is a pill, and a card cannot be one. */
const MAX_RADIUS_PX = 12;

/** Gives the host custom properties: `--ink`, `--surface`, `--font`, `--heading`, `--radius`, `--fill` and `--on-fill`. */
export function takeLook(host: HTMLElement): void {
  const { body } = document;
  const page = getComputedStyle(body);
  const surface = surfaceOf(body);
  // A page that leaves the ground to the browser has the browser's ink too; a faint one would be unreadable in small print.
  const ink = contrast(page.color, surface) >= LEAST_CONTRAST || surface === "Canvas" ? page.color : contrast("rgb(0, 0, 0)", surface) > contrast("rgb(255, 255, 255)", surface) ? "#111" : "#fff";
  const heading = document.querySelector("main h1, main h2, h1, h2");
  const button = shopButton();
  const look = {
    ink, surface,
    font: page.fontFamily,
    heading: heading ? getComputedStyle(heading).fontFamily : page.fontFamily,
    radius: `${Math.min(MAX_RADIUS_PX, button ? parseFloat(button.borderTopLeftRadius) || 0 : 8)}px`,
    fill: button?.backgroundColor ?? ink,
    "on-fill": button?.color ?? surface,
  };
  for (const [name, value] of Object.entries(look)) host.style.setProperty(`--${name}`, value);
}

/** The first of the shop's buttons that is filled, and whose text can be read. */
function shopButton(): CSSStyleDeclaration | undefined {
  for (const button of document.querySelectorAll<HTMLElement>("main button, main [class*=button], main [class*=btn], [type=submit]")) {
    const style = getComputedStyle(button);
    if (button.offsetParent && contrast(style.color, style.backgroundColor) >= LEAST_CONTRAST) return style;
  }
  return undefined;
}

/** @returns 1 to 21; 0 where a colour is transparent or not written as sRGB */
export function contrast(one: string, other: string): number {
  const [a, b] = [luminance(one), luminance(other)];
  return a === null || b === null ? 0 : (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** Relative luminance (WCAG 2.2) of an opaque `rgb()`. */
function luminance(colour: string): number | null {
  const channels = /^rgb\((\d+), (\d+), (\d+)\)$/.exec(colour)?.slice(1).map((channel) => {
    const value = Number(channel) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return channels ? 0.2126 * channels[0]! + 0.7152 * channels[1]! + 0.0722 * channels[2]! : null;
}
