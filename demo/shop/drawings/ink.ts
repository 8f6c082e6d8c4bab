/** What the shop's product drawings are made of: shades, fills, and the few strokes they all use. */

/** Colours and chance for one drawing, on a canvas of 800 × 800 whose floor is at `FLOOR`. */
export interface Ink {
  base: string;
  light: string;
  lighter: string;
  dark: string;
  darker: string;
  /** Uniform in [0, 1), the same for the same product every time. */
  random: () => number;
  /** The product's title in lower case, for what it says about the shape. */
  words: string;
}
export type Drawing = (ink: Ink) => string;

export const FLOOR = 650;

/** Names of the fills that `defs` makes. `side` shades a round body, `face` a flat one, `top` what faces up. */
export const FILL = { side: "url(#side)", face: "url(#face)", top: "url(#top)", steel: "url(#steel)", blade: "url(#blade)", wood: "url(#wood)", woodSide: "url(#wood-side)", brass: "url(#brass)", glass: "url(#glass)", glow: "url(#glow)", dark: "url(#dark)", cream: "url(#cream)", creamSide: "url(#cream-side)", leaf: "url(#leaf)", shadow: "url(#shadow)" } as const;

export function inkOf(hex: string, random: () => number, words = ""): Ink {
  return { base: hex, light: mix(hex, "#ffffff", 0.28), lighter: mix(hex, "#ffffff", 0.52), dark: mix(hex, "#221a18", 0.24), darker: mix(hex, "#1c1516", 0.46), random, words };
}

export function defs(ink: Ink): string {
  const across = (id: string, ...stops: [number, string, number?][]) => gradient(id, 'x1="0" y1="0" x2="1" y2="0"', stops);
  const down = (id: string, ...stops: [number, string, number?][]) => gradient(id, 'x1="0" y1="0" x2="0" y2="1"', stops);
  const slant = (id: string, ...stops: [number, string, number?][]) => gradient(id, 'x1="0" y1="0" x2="1" y2="1"', stops);
  return `<defs>${[
    across("side", [0, ink.dark], [0.16, ink.base], [0.34, ink.light], [0.58, ink.base], [0.86, ink.dark], [1, ink.darker]),
    slant("face", [0, ink.light], [0.5, ink.base], [1, ink.dark]),
    down("top", [0, ink.lighter], [1, ink.base]),
    down("dark", [0, ink.darker], [1, ink.dark]),
    across("steel", [0, "#8b9298"], [0.18, "#c3c9cd"], [0.36, "#f4f6f7"], [0.6, "#bcc3c8"], [1, "#7c8389"]),
    down("blade", [0, "#aab1b7"], [0.42, "#e9edef"], [0.5, "#fbfcfc"], [0.56, "#cdd3d7"], [1, "#f1f4f5"]),
    slant("wood", [0, "#d9b17a"], [0.5, "#c4975c"], [1, "#a3763f"]),
    across("wood-side", [0, "#9c6f3c"], [0.35, "#d8b07a"], [0.65, "#c1935a"], [1, "#8d6233"]),
    across("brass", [0, "#94702c"], [0.35, "#ecd28f"], [0.62, "#c49a49"], [1, "#86642a"]),
    slant("glass", [0, "#ffffff", 0.75], [0.45, ink.light, 0.35], [1, ink.base, 0.55]),
    slant("cream", [0, "#fdf9f1"], [1, "#e2d8c6"]),
    across("cream-side", [0, "#d8ccb8"], [0.36, "#fdf9f1"], [0.7, "#ece2d1"], [1, "#c6b9a2"]),
    slant("leaf", [0, "#7da06d"], [1, "#3f6a47"]),
    `<radialGradient id="glow"><stop offset="0" stop-color="#fff3cd" stop-opacity=".95"/><stop offset=".35" stop-color="#ffe3a0" stop-opacity=".5"/><stop offset="1" stop-color="#ffdf94" stop-opacity="0"/></radialGradient>`,
    `<radialGradient id="shadow"><stop offset="0" stop-color="#3a2a20" stop-opacity=".42"/><stop offset=".55" stop-color="#3a2a20" stop-opacity=".16"/><stop offset="1" stop-color="#3a2a20" stop-opacity="0"/></radialGradient>`,
  ].join("")}</defs>`;
}

function gradient(id: string, axis: string, stops: [number, string, number?][]): string {
  return `<linearGradient id="${id}" ${axis}>${stops.map(([at, colour, opacity]) => `<stop offset="${at}" stop-color="${colour}"${opacity === undefined ? "" : ` stop-opacity="${opacity}"`}/>`).join("")}</linearGradient>`;
}

export function path(d: string, fill: string, extra = ""): string {
  return `<path d="${d}" fill="${fill}" ${extra}/>`;
}
export function box(x: number, y: number, w: number, h: number, r: number, fill: string, extra = ""): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(w)}" height="${round(h)}" rx="${r}" fill="${fill}" ${extra}/>`;
}
export function oval(cx: number, cy: number, rx: number, ry: number, fill: string, extra = ""): string {
  return `<ellipse cx="${round(cx)}" cy="${round(cy)}" rx="${round(rx)}" ry="${round(ry)}" fill="${fill}" ${extra}/>`;
}
export function stroke(d: string, colour: string, width: number, extra = ""): string {
  return `<path d="${d}" fill="none" stroke="${colour}" stroke-width="${width}" stroke-linecap="round" stroke-linejoin="round" ${extra}/>`;
}
export function turned(degrees: number, inner: string, x = 400, y = 400): string {
  return `<g transform="rotate(${degrees} ${x} ${y})">${inner}</g>`;
}
export function moved(dx: number, dy: number, inner: string, scale = 1): string {
  return `<g transform="translate(${round(dx)} ${round(dy)}) scale(${scale})">${inner}</g>`;
}
/** A soft shadow on the floor. */
export function shadow(rx: number, cy = FLOOR, cx = 400, ry = rx * 0.16): string {
  return oval(cx, cy, rx * 1.18, ry, FILL.shadow);
}
/** A highlight along an edge. */
export function shine(d: string, width = 6, opacity = 0.5): string {
  return stroke(d, "#fff", width, `opacity="${opacity}"`);
}
export function round(n: number): number {
  return Math.round(n * 10) / 10;
}
export function times(n: number, draw: (i: number) => string): string {
  return Array.from({ length: n }, (_, i) => draw(i)).join("");
}
/** Whether the title holds one of the words. */
export function says(ink: Ink, ...words: string[]): boolean {
  return words.some((word) => ink.words.includes(word));
}

/** @param share of `to` in the mixture, 0 to 1 */
export function mix(from: string, to: string, share: number): string {
  const channel = (hex: string, i: number) => Number.parseInt(hex.slice(1 + 2 * i, 3 + 2 * i), 16);
  return `#${[0, 1, 2].map((i) => Math.round(channel(from, i) * (1 - share) + channel(to, i) * share).toString(16).padStart(2, "0")).join("")}`;
}
