/** Drawings of what furnishes rooms: textiles, lamps, clocks, candles, and what stands in a bathroom. */
import { box, FILL, FLOOR, moved, oval, path, says, shadow, shine, stroke, times, turned, type Drawing, type Ink } from "./ink.ts";

/** Cloth folded into a square parcel: linens, towels, throws, duvets. `layers` of it lie on one another. */
function folded(ink: Ink, layers: number, thickness: number, fringe: boolean): string {
  const width = 430;
  const top = FLOOR - layers * thickness;
  return shadow(270) + times(layers, (i) => {
    const y = FLOOR - (i + 1) * thickness;
    const inset = ((i * 37) % 3) * 6;
    return path(`M${185 + inset} ${y + 8} Q${185 + inset} ${y} ${200 + inset} ${y} L${185 + width - inset} ${y} Q${200 + width} ${y + thickness / 2} ${185 + width - inset} ${y + thickness} L${200 + inset} ${y + thickness} Q${172 + inset} ${y + thickness / 2} ${185 + inset} ${y + 8} Z`, FILL.face) + stroke(`M${200 + inset} ${y + thickness - 4} H${180 + width - inset}`, ink.darker, 4, 'opacity=".3"') + stroke(`M${206 + inset} ${y + thickness / 2} H${160 + width}`, ink.dark, 2, 'opacity=".25"');
  }) + path(`M186 ${top + 6} L232 ${top - 92} Q236 ${top - 100} 246 ${top - 100} L560 ${top - 100} Q570 ${top - 100} 574 ${top - 92} L616 ${top + 6} Z`, FILL.top) + weave(ink, 236, top - 84, 330, 84) + (fringe ? times(22, (i) => stroke(`M${208 + i * 18.4} ${FLOOR - 6} q${i % 2 ? 4 : -4} 18 0 34`, ink.light, 6)) : "");
}
/** The pattern that the title speaks of: stripes, a herringbone, a waffle, or a plain fine weave. */
function weave(ink: Ink, x: number, y: number, w: number, h: number): string {
  if (says(ink, "strip", "herringbone", "tweed")) return times(Math.floor(w / 30), (i) => stroke(`M${x + 10 + i * 30} ${y} l${says(ink, "herringbone", "tweed") ? 14 : 0} ${h}`, ink.darker, 6, 'opacity=".28"'));
  if (says(ink, "waffle", "quilt", "bouclé", "boucle", "tufted")) return times(Math.floor(w / 24), (i) => times(Math.floor(h / 24), (j) => box(x + i * 24, y + j * 24, 17, 17, 4, ink.dark, 'opacity=".16"')));
  return times(4, (i) => stroke(`M${x} ${y + (i + 0.5) * (h / 4)} h${w}`, "#fff", 2, 'opacity=".22"'));
}

export const cloth: Drawing = (ink) => folded(ink, says(ink, "bale", "set", "pair") ? 4 : 3, says(ink, "napkin", "tea towel", "placemat", "runner", "tablecloth", "sheet") ? 54 : 72, false) + box(330, 390, 140, 260, 2, "#fbf6ec", 'opacity="0"');
export const throwBlanket: Drawing = (ink) => folded(ink, 3, 78, true);
export const bedLinen: Drawing = (ink) => folded(ink, says(ink, "set") ? 4 : 2, 66, false) + box(356, says(ink, "set") ? 286 : 418, 88, FLOOR - (says(ink, "set") ? 286 : 418), 0, "#fbf6ec", 'opacity=".92"') + box(376, 560, 48, 7, 3, ink.darker) + box(384, 576, 32, 6, 3, ink.base);
export const towel: Drawing = (ink) => says(ink, "bale") ? folded(ink, 5, 62, false) : folded(ink, 3, 86, false) + times(3, (i) => stroke(`M198 ${FLOOR - 26 - i * 86} H612`, "#fff", 7, 'opacity=".45"'));

export const pillow: Drawing = (ink) => {
  if (says(ink, "duvet", "topper", "quilt")) return folded(ink, 2, 130, false) + times(5, (i) => stroke(`M250 ${FLOOR - 230 + i * 44} Q400 ${FLOOR - 220 + i * 44} 560 ${FLOOR - 230 + i * 44}`, "#fff", 5, 'opacity=".35"'));
  return shadow(300, 620) + path("M110 430 Q90 330 160 340 Q400 300 640 340 Q710 330 690 430 Q680 520 692 590 Q650 640 590 614 Q400 650 210 614 Q150 640 108 590 Q120 520 110 430 Z", FILL.face) + path("M170 380 Q400 350 630 380 Q640 470 628 560 Q400 590 172 560 Q160 470 170 380 Z", "#fff", 'opacity=".2"') + stroke("M150 370 Q190 400 200 440 M650 370 Q610 400 600 440 M150 584 Q190 560 206 520 M650 584 Q610 560 594 520", ink.dark, 5, 'opacity=".35"');
};

export const cushion: Drawing = (ink) => {
  if (says(ink, "bolster")) return shadow(290, 600) + box(140, 390, 520, 220, 110, FILL.top) + oval(200, 500, 62, 108, FILL.face) + oval(200, 500, 12, 20, ink.darker) + weave(ink, 290, 420, 300, 170) + stroke("M250 398 Q292 500 250 602", ink.darker, 5, 'opacity=".35"');
  const floor = says(ink, "floor");
  return shadow(270, floor ? 630 : 640) + moved(0, floor ? 60 : 0, path("M176 200 Q160 168 200 180 Q400 210 600 180 Q640 168 624 204 Q596 400 626 600 Q640 640 600 626 Q400 600 200 626 Q160 640 176 600 Q204 400 176 200 Z", FILL.face) + weave(ink, 230, 250, 340, 320) + stroke("M184 194 Q400 222 616 194 Q590 400 616 608 Q400 584 184 608 Q210 400 184 194 Z", ink.darker, 5, 'opacity=".4"') + path("M210 210 Q300 240 420 230 Q280 300 240 520 Q216 400 210 210 Z", "#fff", 'opacity=".16"'));
};

export const rug: Drawing = (ink) => {
  if (says(ink, "round")) return oval(400, 470, 320, 220, "#3a2a20", 'opacity=".12"') + times(7, (i) => oval(400, 450, 310 - i * 44, 206 - i * 29, i % 2 ? ink.light : i % 3 ? ink.base : ink.dark));
  const narrow = says(ink, "runner") ? 90 : 0;
  const left = 150 + narrow, right = 650 - narrow;
  return path(`M${left + 60} 190 L${right - 60} 190 L${right + 60} 660 L${left - 60} 660 Z`, "#3a2a20", 'opacity=".13" transform="translate(8 12)"') + path(`M${left + 60} 190 L${right - 60} 190 L${right + 60} 660 L${left - 60} 660 Z`, FILL.face) + path(`M${left + 82} 214 L${right - 82} 214 L${right + 26} 634 L${left - 26} 634 Z`, "none", `stroke="${ink.darker}" stroke-width="10" opacity=".55"`) + times(4, (i) => { const y = 280 + i * 90; const r = 34 + i * 8; return path(`M400 ${y - r * 0.8} L${400 + r * 1.5} ${y} L400 ${y + r * 0.8} L${400 - r * 1.5} ${y} Z`, i % 2 ? ink.darker : ink.lighter, 'opacity=".75"') + path(`M400 ${y - r * 0.4} L${400 + r * 0.7} ${y} L400 ${y + r * 0.4} L${400 - r * 0.7} ${y} Z`, ink.base); }) + times(26, (i) => stroke(`M${left - 56 + i * ((right - left + 112) / 25)} 660 v24`, ink.lighter, 5) + stroke(`M${left + 62 + i * ((right - left - 124) / 25)} 190 v-12`, ink.lighter, 4));
};

function stems(ink: Ink, x: number, y: number): string {
  const lean = ink.random() * 20 - 10;
  return times(5, (i) => {
    const tx = x - 110 + i * 55 + lean, ty = y - 190 - ((i * 53) % 90);
    return stroke(`M${x} ${y} Q${(x + tx) / 2} ${y - 110} ${tx} ${ty}`, "#5b7a52", 5) + turned((i - 2) * 18, path(`M${tx} ${ty - 46} q26 46 0 84 q-26 -38 0 -84 Z`, FILL.leaf), tx, ty) + turned(i * 26 - 60, path(`M${tx} ${ty + 20} q18 34 0 62 q-18 -28 0 -62 Z`, FILL.leaf), tx, ty + 40);
  });
}
export const vase: Drawing = (ink) => {
  const see = says(ink, "mouth", "glass") ? FILL.glass : FILL.side;
  const bud = says(ink, "bud");
  const ribs = says(ink, "ribbed") ? times(7, (i) => stroke(`M${300 + i * 33} 440 Q${290 + i * 37} 540 ${310 + i * 30} 640`, ink.darker, 4, 'opacity=".25"')) : "";
  if (bud) return shadow(120) + stroke("M400 380 Q420 280 396 190", "#5b7a52", 6) + oval(396, 170, 44, 38, "#d98c7a") + oval(396, 164, 22, 18, "#f0c2a8") + path("M374 360 L426 360 L424 450 Q500 500 494 590 Q490 650 400 650 Q310 650 306 590 Q300 500 376 450 Z", see) + oval(400, 360, 26, 7, ink.darker) + shine("M340 540 Q326 590 350 620", 9, 0.45);
  if (says(ink, "jug")) return shadow(170) + stems(ink, 400, 390) + stroke("M540 420 Q640 430 600 540 Q580 570 548 574", ink.dark, 24) + path("M290 370 L500 370 L540 350 L528 420 Q576 520 540 620 Q530 650 400 650 Q270 650 260 610 Q230 500 304 430 Z", see) + ribs + shine("M300 470 Q270 540 292 610", 12, 0.4);
  return shadow(160) + stems(ink, 400, 370) + path("M340 340 Q330 350 346 380 Q240 440 246 540 Q252 650 400 650 Q548 650 554 540 Q560 440 454 380 Q470 350 460 340 Z", see) + oval(400, 340, 60, 13, ink.darker) + ribs + shine("M300 470 Q270 540 300 606", 14, 0.4);
};

const wick = (x: number, y: number) => oval(x, y - 44, 92, 92, FILL.glow) + stroke(`M${x} ${y} V${y - 24}`, "#3b2f28", 5) + path(`M${x} ${y - 76} Q${x + 24} ${y - 38} ${x} ${y - 18} Q${x - 24} ${y - 38} ${x} ${y - 76} Z`, "#ffc45c") + path(`M${x} ${y - 52} Q${x + 11} ${y - 34} ${x} ${y - 22} Q${x - 11} ${y - 34} ${x} ${y - 52} Z`, "#fff4d2");
export const candle: Drawing = (ink) => {
  if (says(ink, "dinner")) return shadow(230) + times(4, (i) => box(242 + i * 86, 240 + (i % 2) * 46, 46, 400 - (i % 2) * 46, 12, FILL.side) + wick(265 + i * 86, 244 + (i % 2) * 46) + path(`M${228 + i * 86} 620 h74 l-8 30 h-58 Z`, FILL.brass));
  if (says(ink, "tea light", "t-light", "tealight")) return oval(400, 620, 300, 46, FILL.shadow) + times(5, (i) => { const x = 210 + (i % 3) * 190 + (i > 2 ? 95 : 0), y = i > 2 ? 570 : 450; return path(`M${x - 72} ${y} L${x - 66} ${y + 56} Q${x} ${y + 84} ${x + 66} ${y + 56} L${x + 72} ${y} Z`, FILL.steel) + oval(x, y, 72, 22, FILL.top) + wick(x, y); });
  if (says(ink, "pillar", "candles")) return shadow(210) + [[210, 330, 130], [350, 240, 140], [500, 400, 120]].map(([x, y, w]) => box(x, y, w, FLOOR - y, 14, FILL.side) + oval(x + w / 2, y + 4, w / 2, 15, FILL.top) + wick(x + w / 2, y + 4)).join("");
  const wide = says(ink, "three") ? 70 : 0;
  return shadow(190 + wide) + path(`M${240 - wide} 340 L${560 + wide} 340 L${556 + wide} 600 Q${550 + wide} 650 ${500 + wide} 650 L${300 - wide} 650 Q${250 - wide} 650 ${244 - wide} 600 Z`, FILL.side) + oval(400, 340, 160 + wide, 34, ink.darker) + oval(400, 348, 148 + wide, 26, FILL.cream) + (wide ? times(3, (i) => wick(290 + i * 110, 348)) : wick(400, 348)) + box(310, 440, 180, 120, 4, "#fbf6ec") + box(350, 484, 100, 12, 6, ink.darker) + box(366, 512, 68, 8, 4, ink.base) + shine(`M${276 - wide} 380 V600`, 12, 0.4);
};

export const tableLamp: Drawing = (ink) => {
  if (says(ink, "desk", "reading")) return shadow(180) + oval(400, 640, 140, 22, FILL.face) + stroke("M400 630 L300 420 L470 260", ink.dark, 18) + stroke("M400 630 L300 420 L470 260", ink.base, 9) + oval(300, 420, 18, 18, FILL.brass) + turned(36, path("M440 190 Q500 150 560 190 L610 300 L390 300 Z", FILL.side), 500, 240) + path("M430 330 L600 250 L720 560 L440 580 Z", FILL.glow, 'opacity=".55"');
  const bare = says(ink, "rechargeable");
  return oval(400, 330, 330, 250, FILL.glow) + shadow(150) + (bare ? box(386, 330, 28, 300, 10, FILL.side) + oval(400, 640, 100, 18, FILL.side) + path("M270 330 Q290 220 400 216 Q510 220 530 330 Z", FILL.side) + oval(400, 330, 130, 18, "#fff3cf") : path("M380 400 L420 400 L424 440 Q500 480 500 560 Q500 650 400 650 Q300 650 300 560 Q300 480 376 440 Z", FILL.side) + box(372, 390, 56, 24, 6, FILL.brass) + path("M310 150 L490 150 L580 400 L220 400 Z", FILL.creamSide) + path("M310 150 L490 150 L580 400 L220 400 Z", "#ffe9b5", 'opacity=".45"') + oval(400, 150, 90, 12, "#fff6dc") + stroke("M222 398 H578", ink.dark, 6, 'opacity=".5"') + shine("M330 530 Q322 590 350 622", 12, 0.45));
};
export const floorLamp: Drawing = (ink) => {
  if (says(ink, "arc")) return oval(250, 330, 200, 200, FILL.glow) + shadow(130, 690, 560) + oval(560, 684, 110, 20, FILL.face) + stroke("M560 680 V300 Q556 110 400 110 Q260 116 250 230", ink.dark, 14) + stroke("M558 680 V300 Q552 116 400 114 Q264 120 252 230", ink.light, 5) + path("M140 340 Q150 226 250 222 Q350 226 360 340 Z", FILL.side) + oval(250, 340, 110, 16, "#fff3cf");
  const tripod = says(ink, "tripod");
  return oval(400, 240, 280, 220, FILL.glow) + shadow(140, 700) + (tripod ? stroke("M400 330 L270 696 M400 330 L530 696 M400 330 L410 690", "#9c6f3c", 18) : oval(400, 694, 110, 18, FILL.face) + box(392, 300, 16, 394, 6, FILL.side)) + path("M300 110 L500 110 L560 310 L240 310 Z", FILL.creamSide) + path("M300 110 L500 110 L560 310 L240 310 Z", "#ffe9b5", 'opacity=".4"') + stroke("M242 308 H558", ink.dark, 6, 'opacity=".6"') + oval(400, 110, 100, 10, "#fff6dc");
};
export const pendant: Drawing = (ink) => {
  const shade = says(ink, "glass", "opal") ? path("M400 250 Q560 260 560 410 Q560 560 400 560 Q240 560 240 410 Q240 260 400 250 Z", says(ink, "opal") ? "#fdf6e6" : FILL.glass) + oval(400, 410, 60, 70, FILL.glow) + shine("M290 350 Q270 420 300 480", 14, 0.6) : says(ink, "rattan", "woven") ? path("M360 260 L440 260 Q620 360 600 520 L200 520 Q180 360 360 260 Z", "#d9b27a") + times(13, (i) => stroke(`M400 260 Q${220 + i * 30} 380 ${206 + i * 32.4} 520`, "#8f6531", 5)) + times(5, (i) => stroke(`M${340 - i * 30} ${300 + i * 50} Q400 ${316 + i * 52} ${460 + i * 30} ${300 + i * 50}`, "#8f6531", 5)) : path("M370 270 L430 270 Q640 300 650 500 L150 500 Q160 300 370 270 Z", FILL.side) + oval(400, 500, 250, 34, "#fff1c9") + oval(400, 512, 44, 34, "#fffaf0") + shine("M240 430 Q270 350 340 318", 14, 0.4);
  return oval(400, 560, 330, 210, FILL.glow) + box(396, 0, 8, 240, 0, "#3b3532") + box(372, 222, 56, 50, 10, FILL.brass) + shade;
};
export const bulb: Drawing = (ink) => {
  const globe = says(ink, "globe") ? 190 : says(ink, "candle") ? 96 : 150;
  const tall = says(ink, "candle") ? 1.6 : 1.12;
  return oval(400, 350, 330, 330, FILL.glow) + path(`M${400 - globe * 0.36} 520 Q${400 - globe} ${350 + globe * 0.8} ${400 - globe} 350 Q${400 - globe} ${350 - globe * tall} 400 ${350 - globe * tall} Q${400 + globe} ${350 - globe * tall} ${400 + globe} 350 Q${400 + globe} ${350 + globe * 0.8} ${400 + globe * 0.36} 520 Z`, FILL.glass, `stroke="${ink.dark}" stroke-width="3" stroke-opacity=".4"`) + stroke("M370 510 L356 380 L378 300 L400 384 L422 300 L444 380 L430 510", "#f0a93b", 5) + path("M350 516 L450 516 L444 630 Q400 664 356 630 Z", FILL.brass) + times(4, (i) => stroke(`M352 ${544 + i * 24} L448 ${536 + i * 24}`, "#7a5a22", 5, 'opacity=".6"')) + shine(`M${400 - globe * 0.66} 330 Q${400 - globe * 0.6} 270 ${400 - globe * 0.3} 240`, 12, 0.75);
};

export const clock: Drawing = (ink) => {
  const wood = says(ink, "oak", "wooden");
  const bell = says(ink, "twin", "alarm clock", "travel");
  const face = (r: number, y: number) => oval(400, y + 10, r + 34, r + 34, "#3a2a20", 'opacity=".14"') + oval(400, y, r + 28, r + 28, wood ? FILL.wood : FILL.face) + oval(400, y, r, r, "#fcf8ef") + times(12, (i) => turned(i * 30, box(396, y - r + 14, 8, i % 3 ? 18 : 34, 3, "#39332f"), 400, y)) + turned(-58, box(393, y - r * 0.55, 14, r * 0.6, 7, "#2f2a27"), 400, y) + turned(62, box(395, y - r * 0.78, 10, r * 0.84, 5, "#2f2a27"), 400, y) + turned(200, box(398, y - r * 0.8, 4, r * 0.9, 2, "#c4563a"), 400, y) + oval(400, y, 14, 14, "#c4563a") + stroke(`M${400 - r * 0.75} ${y - r * 0.3} Q${400 - r * 0.5} ${y - r * 0.75} ${400 - r * 0.1} ${y - r * 0.86}`, "#fff", 10, 'opacity=".7"');
  if (says(ink, "digital", "sunrise")) return shadow(250) + (says(ink, "sunrise") ? oval(400, 430, 360, 300, FILL.glow) + oval(400, 440, 210, 206, FILL.cream) + oval(400, 440, 210, 206, "#ffd894", 'opacity=".55"') + path("M250 586 Q400 660 550 586 L570 650 L230 650 Z", FILL.face) : box(160, 400, 480, 250, 34, wood ? FILL.wood : FILL.face) + box(196, 436, 408, 178, 18, "#1d2226")) + `<text x="400" y="${says(ink, "sunrise") ? 466 : 560}" font-family="ui-monospace, monospace" font-size="${says(ink, "sunrise") ? 80 : 104}" letter-spacing="4" fill="${says(ink, "sunrise") ? "#8a5a1d" : "#f4e4c0"}" text-anchor="middle">06:45</text>`;
  if (says(ink, "cuckoo")) return path("M400 130 L640 330 L600 330 L600 590 L200 590 L200 330 L160 330 Z", FILL.face) + path("M400 96 L668 322 L640 340 L400 140 L160 340 L132 322 Z", ink.darker) + moved(120, 150, face(130, 410), 0.7) + box(370, 230, 60, 66, 30, ink.darker) + oval(400, 268, 16, 14, "#e9b44c") + stroke("M340 590 V690 M460 590 V720", FILL.brass, 4) + path("M326 690 q14 -20 28 0 l-4 50 q-10 12 -20 0 Z", "#7b5a33") + path("M446 716 q14 -20 28 0 l-4 50 q-10 12 -20 0 Z", "#7b5a33");
  if (bell) return shadow(190) + stroke("M290 620 L262 656 M510 620 L538 656", ink.darker, 22) + (says(ink, "twin") ? oval(290, 250, 74, 58, FILL.brass) + oval(510, 250, 74, 58, FILL.brass) + box(392, 196, 16, 60, 8, "#3b3532") : box(376, 214, 48, 34, 14, FILL.brass)) + face(180, 440);
  return face(220, 400);
};

export const soap: Drawing = (ink) => {
  const tag = box(306, 440, 188, 130, 4, "#fbf6ec") + box(340, 476, 120, 12, 6, ink.darker) + box(356, 504, 88, 8, 4, ink.base) + box(372, 528, 56, 7, 3, ink.base);
  if (says(ink, "bar")) return shadow(250, 620) + box(170, 470, 460, 150, 66, FILL.dark) + box(170, 440, 460, 150, 66, FILL.top) + box(230, 476, 340, 76, 36, ink.light, 'opacity=".7"') + `<text x="400" y="530" font-family="Georgia, serif" font-size="40" letter-spacing="8" fill="${ink.darker}" text-anchor="middle" opacity=".6">SOAP</text>`;
  if (says(ink, "cream")) return shadow(130) + path("M300 180 L500 180 L484 560 L316 560 Z", FILL.side) + box(296, 164, 208, 26, 6, FILL.dark) + box(326, 556, 148, 94, 12, FILL.cream) + moved(60, -70, tag, 0.85) + shine("M330 220 L340 540", 10, 0.45);
  if (says(ink, "salts", "refill")) return says(ink, "refill") ? pouchBottle(ink, tag) : shadow(180) + path("M250 320 L550 320 L560 610 Q560 650 520 650 L280 650 Q240 650 240 610 Z", FILL.glass) + path("M248 400 L552 400 L558 610 Q556 644 520 644 L280 644 Q244 644 242 610 Z", ink.lighter, 'opacity=".9"') + box(280, 270, 240, 56, 22, FILL.woodSide) + tag + shine("M274 350 V600", 10, 0.5);
  return shadow(150) + box(386, 170, 28, 90, 6, "#2f2b29") + path("M400 150 L290 150 Q262 152 258 184 L282 186 Q286 176 300 176 L400 178 Z", "#2f2b29") + box(344, 236, 112, 50, 12, "#2f2b29") + path("M340 282 L460 282 Q546 310 546 390 L546 610 Q546 650 506 650 L294 650 Q254 650 254 610 L254 390 Q254 310 340 282 Z", FILL.side) + tag + shine("M286 380 V610", 12, 0.4);
};
function pouchBottle(ink: Ink, tag: string): string {
  return shadow(180) + path("M270 230 L530 230 L566 620 Q560 650 400 650 Q240 650 234 620 Z", FILL.side) + path("M270 230 L286 190 L514 190 L530 230 Z", ink.dark) + box(444, 150, 66, 50, 10, "#2f2b29") + tag + shine("M290 260 L268 600", 12, 0.3);
}

export const bathMat: Drawing = (ink) => says(ink, "slatted")
  ? path("M150 330 L650 330 L740 620 L60 620 Z", "#3a2a20", 'opacity=".12" transform="translate(0 20)"') + times(9, (i) => path(`M${150 - i * 10} ${330 + i * 33} L${650 + i * 10} ${330 + i * 33} L${655 + i * 10} ${354 + i * 33} L${145 - i * 10} ${354 + i * 33} Z`, FILL.wood) + stroke(`M${152 - i * 10} ${333 + i * 33} H${646 + i * 10}`, "#f0d4a5", 3, 'opacity=".7"'))
  : path("M170 320 Q400 310 630 320 Q650 322 660 342 L740 590 Q746 622 712 624 Q400 634 88 624 Q54 622 60 590 L140 342 Q150 322 170 320 Z", "#3a2a20", 'opacity=".14" transform="translate(0 20)"') + path("M170 320 Q400 310 630 320 Q650 322 660 342 L740 590 Q746 622 712 624 Q400 634 88 624 Q54 622 60 590 L140 342 Q150 322 170 320 Z", FILL.face) + times(9, (i) => times(17, (j) => oval(190 + j * 26.5 + (j - 8) * i * 2.6, 350 + i * 31, 11, 8, j % 2 ? ink.light : ink.lighter, 'opacity=".45"')));

export const basket: Drawing = (ink) => {
  const low = says(ink, "shelf") ? 110 : says(ink, "laundry") ? -70 : 0;
  const top = 360 + low;
  return shadow(230) + stroke(`M300 ${top} Q300 ${top - 130} 400 ${top - 130} Q500 ${top - 130} 500 ${top}`, ink.dark, 20, says(ink, "log") ? "" : 'opacity="0"') + path(`M190 ${top} L610 ${top} L574 640 Q572 650 560 650 L240 650 Q228 650 226 640 Z`, FILL.side) + times(Math.floor((650 - top) / 30), (i) => times(15, (j) => { const share = i / ((650 - top) / 30); const left = 190 + share * 36, width = 420 - share * 72; const w = width / 15; return oval(left + w * (j + 0.5), top + 24 + i * 30, w * 0.52, 10, (i + j) % 2 ? ink.light : ink.darker, 'opacity=".42"'); })) + oval(400, top, 212, 40, ink.dark) + oval(400, top + 6, 190, 30, ink.darker) + (says(ink, "lidded") ? oval(400, top - 14, 220, 44, FILL.top) + stroke(`M360 ${top - 20} Q400 ${top - 70} 440 ${top - 20}`, ink.darker, 12) : path(`M230 ${top + 4} Q320 ${top - 46} 420 ${top - 6} Q500 ${top - 50} 574 ${top + 6} Q400 ${top + 44} 230 ${top + 4} Z`, FILL.cream)) + times(2, (i) => oval(228 + i * 344, top + 70, 14, 30, "none", `stroke="${ink.darker}" stroke-width="12"`));
};
