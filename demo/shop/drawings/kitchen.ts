/** Drawings of what stands in kitchens and on tables. */
import { box, FILL, FLOOR, moved, oval, path, says, shadow, shine, stroke, times, turned, type Drawing, type Ink } from "./ink.ts";

/** A knife lying on the diagonal; the blade's outline follows what kind it is. */
export const knife: Drawing = (ink) => {
  const short = says(ink, "paring", "utility");
  const bread = says(ink, "bread");
  const tip = short ? 560 : 690;
  const belly = short ? 40 : says(ink, "santoku", "chef") ? 74 : 52;
  const edge = bread
    ? `L${tip - 8} 420 ${times(13, () => `q-9 13 -${(tip - 308) / 13} 0 `)}`
    : `Q${tip - 60} ${378 + belly * 1.15} ${tip - 190} ${376 + belly} L300 ${376 + belly}`;
  const blade = says(ink, "santoku")
    ? `M300 372 L${tip - 90} 372 Q${tip - 20} 378 ${tip - 10} ${376 + belly} L300 ${376 + belly} Z`
    : bread ? `M300 374 L${tip - 40} 374 Q${tip} 380 ${tip - 8} 420 ${edge} Z` : `M300 372 L${tip - 180} 372 Q${tip - 50} 376 ${tip} 392 ${edge} Z`;
  const handle = path("M110 366 Q96 366 98 384 L104 420 Q108 436 126 432 L206 418 L300 424 L306 372 L200 370 Z", FILL.face) + shine("M118 376 L292 380", 5, 0.35);
  return turned(-32, moved(-70, -70, oval(410, 470, 330, 26, FILL.shadow) + path(blade, FILL.blade) + shine(`M308 378 L${tip - 190} 378`, 3, 0.8) + box(288, 364, 22, 66, 5, FILL.steel) + handle + times(3, (i) => oval(150 + i * 52, 397, 6, 6, "#dfe3e5")), 1.17));
};

export const sharpener: Drawing = (ink) => {
  if (says(ink, "rod")) return turned(-35, oval(400, 440, 320, 22, FILL.shadow) + box(300, 388, 400, 20, 10, FILL.blade) + times(18, (i) => stroke(`M${320 + i * 20} 389 l6 18`, "#98a0a6", 1.5)) + box(270, 372, 36, 52, 10, FILL.steel) + box(100, 376, 180, 44, 22, FILL.face) + shine("M120 386 L262 386", 5, 0.3));
  if (says(ink, "strop")) return turned(-24, oval(400, 470, 310, 30, FILL.shadow) + box(210, 350, 500, 92, 14, FILL.wood) + box(226, 344, 468, 74, 10, "#8a5a36") + box(226, 344, 468, 18, 8, "#a06b43") + path("M210 372 L110 384 Q92 396 110 410 L210 424 Z", FILL.wood));
  if (says(ink, "pull")) return shadow(250) + path(`M190 ${FLOOR} Q190 560 260 540 L540 520 Q610 520 612 600 L612 ${FLOOR} Z`, FILL.face) + box(420, 496, 150, 60, 12, FILL.dark) + times(2, (i) => path(`M${450 + i * 60} 496 l12 44 l12 -44 Z`, "#eef1f2")) + stroke("M238 586 Q300 560 390 556", ink.lighter, 8, 'opacity=".5"') + box(180, FLOOR - 8, 442, 12, 6, ink.darker);
  return shadow(270) + path(`M150 ${FLOOR} L180 560 L620 560 L650 ${FLOOR} Z`, FILL.wood) + path("M196 560 L236 490 L586 490 L606 560 Z", FILL.cream) + path("M196 560 L606 560 L606 520 L216 526 Z", FILL.face) + shine("M240 497 L580 497", 4, 0.7);
};

export const board: Drawing = (ink) => {
  const grain = (x: number, y: number, w: number, n: number, gap: number) => times(n, (i) => stroke(`M${x} ${y + i * gap} q${w * 0.25} ${ink.random() * 18 - 9} ${w * 0.5} 0 t${w * 0.5} ${ink.random() * 8 - 4}`, ink.dark, 2, 'opacity=".32"'));
  if (says(ink, "block")) return shadow(270) + box(150, 430, 500, 220, 16, FILL.face) + path("M150 440 L210 360 L590 360 L650 440 Z", FILL.top) + times(9, (i) => stroke(`M${205 + i * 48} 446 V640`, ink.darker, 3, 'opacity=".25"')) + times(2, (i) => stroke(`M156 ${506 + i * 66} H644`, ink.darker, 3, 'opacity=".25"'));
  const paddle = says(ink, "bread", "serving");
  const outline = paddle ? "M280 300 Q280 260 320 250 L372 240 L376 130 Q400 96 424 130 L428 240 L480 250 Q520 260 520 300 L520 620 Q520 660 480 660 L320 660 Q280 660 280 620 Z" : "M190 240 Q190 210 220 210 L580 210 Q610 210 610 240 L610 620 Q610 650 580 650 L220 650 Q190 650 190 620 Z";
  return turned(paddle ? 18 : -6, moved(14, 20, path(outline, "#3a2a20", 'opacity=".16"')) + moved(0, 10, path(outline, ink.darker)) + path(outline, FILL.face) + (paddle ? grain(292, 300, 216, 10, 34) + oval(400, 152, 11, 11, "#efe7da") : grain(206, 244, 388, 12, 34) + (says(ink, "carving") ? box(222, 244, 356, 372, 22, "none", `stroke="${ink.dark}" stroke-width="9" opacity=".55"`) : "") + box(500, 226, 80, 22, 11, "#efe7da")) + shine(paddle ? "M292 306 V600" : "M202 250 V610", 5, 0.35));
};

export const pan: Drawing = (ink) => {
  if (says(ink, "frying", "skillet", "plancha", "sauté", "saute")) {
    return oval(350, 560, 300, 60, FILL.shadow) + turned(-28, box(540, 402, 240, 40, 20, FILL.dark) + oval(752, 422, 9, 9, "#efe7da"), 350, 420) + oval(350, 420, 236, 236, FILL.dark) + oval(350, 412, 236, 234, FILL.face) + oval(350, 414, 204, 202, says(ink, "copper") ? "#c98a63" : "#3c3c3e") + oval(350, 420, 186, 184, "#48484b") + path("M200 340 Q250 250 360 238 Q260 290 220 400 Z", "#fff", 'opacity=".13"');
  }
  const tall = says(ink, "stockpot") ? 90 : 0;
  const handles = says(ink, "saucepan") ? box(590, 470, 190, 30, 15, FILL.dark) : path("M176 470 Q116 470 116 500 Q116 530 176 530 L176 512 Q140 512 140 500 Q140 488 176 488 Z", FILL.dark) + path("M624 470 Q684 470 684 500 Q684 530 624 530 L624 512 Q660 512 660 500 Q660 488 624 488 Z", FILL.dark);
  return shadow(280) + handles + path(`M176 ${430 - tall} L624 ${430 - tall} L612 600 Q606 650 550 650 L250 650 Q194 650 188 600 Z`, FILL.side) + moved(0, -tall, path("M168 420 Q180 330 400 326 Q620 330 632 420 Z", FILL.side) + box(160, 412, 480, 26, 13, FILL.face) + path("M372 326 Q366 288 400 286 Q434 288 428 326 Z", FILL.brass) + shine("M232 384 Q290 346 380 342", 8, 0.5)) + shine(`M222 ${462 - tall} L232 600`, 10, 0.3);
};

export const bakeware: Drawing = (ink) => {
  if (says(ink, "mixing", "bowl")) return bowl(ink);
  if (says(ink, "muffin")) return oval(400, 600, 320, 50, FILL.shadow) + path("M120 330 L680 330 L720 590 Q720 610 700 610 L100 610 Q80 610 80 590 Z", FILL.face) + times(6, (i) => { const x = 215 + (i % 3) * 185 + (i < 3 ? 0 : (i % 3 - 1) * 14); const y = i < 3 ? 410 : 530; return oval(x, y, 74, 44, ink.dark) + oval(x, y + 8, 60, 33, ink.darker) + oval(x - 10, y + 14, 36, 16, ink.dark); });
  if (says(ink, "pie")) return oval(400, 590, 300, 56, FILL.shadow) + path("M130 440 Q150 590 260 600 L540 600 Q650 590 670 440 Z", FILL.side) + oval(400, 440, 286, 92, FILL.face) + oval(400, 444, 250, 72, FILL.cream) + oval(400, 456, 216, 54, "#e9dcc4") + times(18, (i) => { const a = (i / 18) * 6.283; return oval(400 + Math.cos(a) * 277, 440 + Math.sin(a) * 87, 22, 12, ink.light, 'opacity=".5"'); });
  const deep = says(ink, "loaf", "cake") ? 0 : 50;
  return shadow(290) + path(`M140 ${460 + deep} L660 ${460 + deep} L620 640 Q616 650 604 650 L196 650 Q184 650 180 640 Z`, FILL.side) + path(`M120 ${452 + deep} L200 ${390 + deep} L600 ${390 + deep} L680 ${452 + deep} Z`, FILL.dark) + path(`M170 ${450 + deep} L226 ${402 + deep} L574 ${402 + deep} L630 ${450 + deep} Z`, ink.darker) + box(106, 444 + deep, 588, 22, 11, ink.lighter) + box(106, 452 + deep, 588, 14, 7, "#2f3b4a", 'opacity=".35"') + shine(`M190 ${490 + deep} L210 626`, 9, 0.35);
};

export const bowl: Drawing = (ink) => shadow(220) + path("M150 420 Q170 610 330 640 L330 650 L470 650 L470 640 Q630 610 650 420 Z", FILL.side) + oval(400, 420, 250, 66, FILL.top) + oval(400, 426, 226, 54, FILL.dark) + path("M180 440 Q240 478 400 480 Q560 478 620 440 Q560 470 400 472 Q240 470 180 440 Z", ink.light, 'opacity=".6"') + shine("M196 480 Q226 566 300 606", 12, 0.35);

export const jar: Drawing = (ink) => {
  if (says(ink, "spice", "set")) return times(3, (i) => moved(i * 225 - 95, 200, jarBody(ink), 0.68));
  if (says(ink, "bread bin")) return shadow(300) + box(120, 410, 560, 240, 44, FILL.face) + path("M120 470 Q120 360 240 360 L560 360 Q680 360 680 470 Z", FILL.top) + box(340, 440, 120, 22, 11, FILL.brass) + stroke("M124 472 H676", ink.darker, 4, 'opacity=".35"') + shine("M160 430 Q180 386 250 382", 9, 0.6);
  if (says(ink, "tin", "canister")) return shadow(190) + path("M230 330 L570 330 L570 630 Q570 650 400 650 Q230 650 230 630 Z", FILL.side) + oval(400, 330, 170, 34, ink.dark) + box(222, 270, 356, 70, 8, FILL.side) + oval(400, 272, 178, 36, FILL.top) + oval(400, 262, 26, 13, FILL.brass) + label(ink, 310, 430, 180, 110) + shine("M268 360 V620", 10, 0.3);
  return jarBody(ink);
};
function jarBody(ink: Ink): string {
  const glass = says(ink, "glass");
  return shadow(190) + path("M232 330 Q214 350 214 400 L214 600 Q214 650 264 650 L536 650 Q586 650 586 600 L586 400 Q586 350 568 330 Z", glass ? FILL.glass : FILL.side) + (glass ? path("M222 440 Q300 424 400 440 T578 436 L578 598 Q578 640 534 640 L266 640 Q222 640 222 598 Z", FILL.cream, 'opacity=".95"') : label(ink, 312, 430, 176, 104)) + box(226, 268, 348, 68, 16, FILL.woodSide) + oval(400, 272, 170, 24, "#e2bf8c") + shine("M250 380 V600", 12, 0.5);
}
function label(ink: Ink, x: number, y: number, w: number, h: number): string {
  return box(x, y, w, h, 6, "#fbf6ec") + box(x + 8, y + 8, w - 16, h - 16, 3, "none", `stroke="${ink.dark}" stroke-width="2" opacity=".6"`) + box(x + w * 0.26, y + h * 0.34, w * 0.48, h * 0.1, 4, ink.darker) + box(x + w * 0.34, y + h * 0.58, w * 0.32, h * 0.07, 3, ink.base);
}

export const mug: Drawing = (ink) => {
  const enamel = says(ink, "enamel", "camp");
  const one = shadow(190, FLOOR, 390) + stroke("M560 400 Q690 390 680 490 Q670 580 548 572", ink.dark, 38) + stroke("M560 396 Q680 388 670 488 Q660 568 548 560", ink.base, 24) + path("M210 340 L214 590 Q218 650 280 650 L500 650 Q562 650 566 590 L570 340 Z", FILL.side) + oval(390, 340, 180, 40, enamel ? "#f7f3ea" : FILL.top) + oval(390, 345, 160, 31, ink.darker) + oval(390, 354, 148, 24, says(ink, "tea") ? "#9a5a2a" : "#4b2d1f") + (enamel ? stroke("M210 340 A180 40 0 0 0 570 340", "#26364d", 8) : path("M214 540 Q300 566 390 552 T567 548 L566 590 Q562 650 500 650 L280 650 Q218 650 214 590 Z", says(ink, "speckled", "hand") ? "#c9b79b" : ink.dark, 'opacity=".45"')) + (says(ink, "speckled", "stoneware", "hand") ? times(34, () => oval(226 + ink.random() * 320, 390 + ink.random() * 240, 1.6 + ink.random() * 2, 1.6 + ink.random() * 2, ink.darker, 'opacity=".5"')) : "") + shine("M250 392 L254 588", 13, 0.38);
  if (says(ink, "set", "pair")) return moved(-20, 190, one, 0.68) + moved(240, 210, one, 0.7);
  return says(ink, "espresso") ? oval(400, 640, 250, 40, FILL.shadow) + oval(400, 628, 230, 36, FILL.top) + oval(400, 624, 120, 17, ink.dark, 'opacity=".5"') + moved(140, 190, one, 0.66) : one;
};

export const plate: Drawing = (ink) => {
  if (says(ink, "bowl")) return bowl(ink);
  const flat = says(ink, "platter") ? 0.72 : 1;
  const rim = says(ink, "reactive", "stoneware") ? `stroke="${ink.darker}" stroke-width="7" stroke-opacity=".45"` : "";
  return oval(404, 430 + 20, 300, 290 * flat, "#3a2a20", 'opacity=".13"') + oval(400, 420, 290, 286 * flat, FILL.face, rim) + oval(400, 420, 206, 202 * flat, ink.dark, 'opacity=".35"') + oval(400, 424, 200, 196 * flat, FILL.top) + times(26, () => oval(200 + ink.random() * 400, 420 + (ink.random() - 0.5) * 400 * flat, 2, 2, ink.darker, 'opacity=".35"')) + stroke(`M150 ${420 - 110 * flat} Q220 ${420 - 250 * flat} 380 ${420 - 262 * flat}`, "#fff", 12, 'opacity=".45"');
};

export const glass: Drawing = (ink) => {
  const tumbler = (x: number, y: number, s: number) => moved(x, y, oval(100, 300, 110, 16, FILL.shadow) + path("M20 20 L38 290 Q40 304 56 304 L144 304 Q160 304 162 290 L180 20 Z", FILL.glass) + path("M30 150 L38 288 Q40 300 56 300 L144 300 Q160 300 162 288 L170 150 Z", ink.base, 'opacity=".3"') + oval(100, 20, 80, 14, "#fff", `opacity=".55" stroke="${ink.base}" stroke-width="3"`) + times(5, (i) => stroke(`M${48 + i * 26} 44 L${56 + i * 22} 290`, "#fff", 4, 'opacity=".38"')), s);
  if (says(ink, "wine")) return times(2, (i) => moved(i * 230 - 110, i * 24, oval(400, 640, 110, 16, FILL.shadow) + path("M300 180 Q286 420 400 430 Q514 420 500 180 Z", FILL.glass) + path("M296 300 Q304 420 400 428 Q496 420 504 300 Z", i ? "#7c2f48" : "#e5cf8a", 'opacity=".62"') + box(394, 428, 12, 190, 6, "#fff", `opacity=".75" stroke="${ink.base}" stroke-width="1.5"`) + oval(400, 624, 92, 16, "#fff", `opacity=".7" stroke="${ink.base}" stroke-width="2"`) + oval(400, 180, 100, 15, "#fff", `opacity=".6" stroke="${ink.base}" stroke-width="2.5"`) + shine("M322 220 Q318 330 344 380", 8, 0.7)));
  if (says(ink, "carafe", "jug")) return shadow(180) + path("M320 170 L480 170 L470 300 Q580 400 570 560 Q564 650 400 650 Q236 650 230 560 Q220 400 330 300 Z", FILL.glass) + path("M258 440 Q330 424 400 440 T548 436 Q572 500 568 566 Q560 642 400 642 Q240 642 234 566 Q230 500 258 440 Z", ink.base, 'opacity=".32"') + oval(400, 170, 80, 14, "#fff", `opacity=".65" stroke="${ink.base}" stroke-width="3"`) + (says(ink, "jug") ? stroke("M480 230 Q640 250 600 380 Q588 420 552 430", ink.light, 20, 'opacity=".75"') : "") + shine("M270 470 Q256 560 300 612", 12, 0.7);
  return tumbler(90, 190, 1) + tumbler(480, 190, 1) + tumbler(270, 260, 1.25);
};

export const cutlery: Drawing = (ink) => {
  const tone = says(ink, "matt") ? "#55585c" : FILL.steel;
  const handle = (x: number) => path(`M${x - 11} 380 L${x - 20} 640 Q${x} 676 ${x + 20} 640 L${x + 11} 380 Z`, tone);
  const fork = (x: number) => handle(x) + path(`M${x - 44} 130 L${x - 46} 260 Q${x - 42} 330 ${x - 11} 344 L${x - 11} 390 L${x + 11} 390 L${x + 11} 344 Q${x + 42} 330 ${x + 46} 260 L${x + 44} 130 L${x + 32} 130 L${x + 30} 250 L${x + 18} 250 L${x + 16} 130 L${x + 6} 130 L${x + 5} 250 L${x - 5} 250 L${x - 6} 130 L${x - 16} 130 L${x - 18} 250 L${x - 30} 250 L${x - 32} 130 Z`, tone);
  const spoon = (x: number) => handle(x) + oval(x, 236, 54, 104, tone) + oval(x - 4, 232, 38, 82, "#fff", 'opacity=".35"') + path(`M${x - 11} 320 L${x + 11} 320 L${x + 11} 390 L${x - 11} 390 Z`, tone);
  const blade = (x: number) => handle(x) + path(`M${x - 14} 390 L${x - 20} 170 Q${x - 12} 110 ${x + 16} 130 Q${x + 30} 250 ${x + 14} 390 Z`, tone);
  const pieces = says(ink, "spoon") ? [spoon, spoon] : says(ink, "steak") ? [blade, blade, blade] : [fork, blade, spoon];
  return times(pieces.length, (i) => { const x = 400 + (i - (pieces.length - 1) / 2) * 140; return moved(14, 14, `<g opacity=".14">${box(x - 24, 150, 50, 500, 24, "#3a2a20")}</g>`) + pieces[i]!(x) + shine(`M${x - 8} 420 L${x - 13} 620`, 4, 0.7); });
};

/** A paper or foil pouch of coffee, food or charcoal, with a band and a mark on it. */
export const pouch: Drawing = (ink) => {
  const wide = says(ink, "kg", "logs") ? 60 : 20;
  const mark = says(ink, "dog", "cat ", "treats", "chews") ? paw : says(ink, "charcoal", "briquettes", "logs", "chips", "firelighters") ? flame : bean;
  return shadow(200 + wide) + path(`M${250 - wide} 210 L${550 + wide} 210 L${568 + wide} 600 Q${572 + wide} 650 ${520 + wide} 650 L${280 - wide} 650 Q${228 - wide} 650 ${232 - wide} 600 Z`, FILL.side) + path(`M${250 - wide} 210 L${550 + wide} 210 L${546 + wide} 152 Q400 142 ${254 - wide} 152 Z`, FILL.dark) + stroke(`M${252 - wide} 214 H${548 + wide}`, ink.light, 4, 'opacity=".6" stroke-dasharray="7 7"') + box(280 - wide, 320, 240 + wide * 2, 210, 8, "#fbf6ec") + mark(ink) + box(330, 462, 140, 13, 6, ink.darker) + box(354, 488, 92, 9, 4, ink.base) + path(`M${262 - wide} 230 Q${290 - wide} 420 ${256 - wide} 620 L${242 - wide} 600 Z`, "#fff", 'opacity=".22"') + stroke(`M${520 + wide} 240 Q${500 + wide} 300 ${536 + wide} 380`, ink.darker, 4, 'opacity=".3"');
};
const bean = (ink: Ink) => turned(28, oval(400, 392, 34, 48, ink.darker) + stroke("M398 346 Q416 392 400 438", "#fbf6ec", 6), 400, 392);
const paw = (ink: Ink) => oval(400, 412, 34, 28, ink.darker) + times(4, (i) => oval(352 + i * 32, i === 0 || i === 3 ? 386 : 364, 13, 18, ink.darker));
const flame = (ink: Ink) => path("M400 340 Q450 390 436 424 Q424 450 400 450 Q370 450 362 420 Q358 396 378 382 Q384 400 394 400 Q410 380 400 340 Z", ink.darker);

export const coffeeMaker: Drawing = (ink) => {
  if (says(ink, "french")) return shadow(190) + stroke("M548 380 Q650 380 644 480 Q640 560 548 556", "#2e2b29", 26) + path("M250 290 L550 290 L550 630 L250 630 Z", FILL.glass) + path("M258 430 L542 430 L542 622 L258 622 Z", "#4a2c1d", 'opacity=".88"') + box(240, 276, 320, 46, 10, FILL.side) + path("M244 620 L556 620 L560 650 L240 650 Z", FILL.side) + box(256, 420, 288, 14, 5, FILL.steel) + box(394, 170, 12, 110, 4, FILL.steel) + oval(400, 166, 30, 24, "#2e2b29") + times(2, (i) => box(290 + i * 210, 320, 10, 304, 3, FILL.side)) + shine("M272 340 V600", 12, 0.6);
  if (says(ink, "moka")) return shadow(170) + stroke("M552 300 Q650 290 640 470", "#2e2b29", 32) + path("M270 450 L530 450 L566 650 L234 650 Z", FILL.side) + path("M256 250 L550 230 L530 430 L270 430 Z", FILL.side) + box(258, 424, 284, 34, 8, FILL.steel) + path("M256 250 L230 220 L300 240 Z", ink.base) + path("M262 246 Q400 170 546 232 Z", FILL.face) + oval(400, 184, 20, 22, "#2e2b29") + shine("M318 270 L310 420", 10, 0.5) + shine("M316 470 L290 634", 10, 0.45);
  if (says(ink, "pour")) return shadow(180) + path("M270 210 L530 210 L424 380 L424 400 L376 400 L376 380 Z", FILL.side) + oval(400, 210, 130, 26, FILL.top) + oval(400, 214, 110, 18, "#4a2c1d") + path("M340 420 L460 420 Q580 500 560 600 Q550 650 400 650 Q250 650 240 600 Q220 500 340 420 Z", FILL.glass) + path("M256 560 Q330 548 400 560 T544 556 Q560 640 400 642 Q240 640 256 560 Z", "#4a2c1d", 'opacity=".85"') + box(330, 398, 140, 26, 12, FILL.woodSide) + shine("M290 500 Q266 556 280 606", 11, 0.7);
  return shadow(260) + box(190, 220, 420, 110, 26, FILL.face) + box(220, 320, 150, 280, 12, FILL.side) + box(170, 590, 460, 60, 18, FILL.face) + box(420, 326, 130, 34, 10, FILL.steel) + (says(ink, "espresso") ? stroke("M420 352 H330", "#2e2b29", 20) + path("M440 360 L530 360 L516 388 L454 388 Z", FILL.dark) + moved(400, 440, path("M30 40 L140 40 L130 130 Q126 148 108 148 L62 148 Q44 148 40 130 Z", FILL.cream) + oval(85, 40, 55, 12, "#4a2c1d"), 1) : path("M400 420 L580 420 Q600 500 570 588 L410 588 Q380 500 400 420 Z", FILL.glass) + path("M392 500 L588 500 Q588 550 568 584 L412 584 Q392 550 392 500 Z", "#4a2c1d", 'opacity=".85"')) + times(3, (i) => oval(250 + i * 50, 276, 14, 14, i === 0 ? "#e7b75a" : "#f4f1ea")) + shine("M212 240 H588", 6, 0.5);
};

export const grinder: Drawing = (ink) => {
  if (says(ink, "scale")) return oval(400, 620, 300, 40, FILL.shadow) + path("M150 470 L650 470 L690 600 Q690 620 670 620 L130 620 Q110 620 110 600 Z", FILL.face) + path("M200 450 L600 450 L640 540 L160 540 Z", FILL.steel) + box(330, 562, 140, 42, 8, "#20262b") + `<text x="400" y="594" font-family="monospace" font-size="30" fill="#9fe3d0" text-anchor="middle">18.0</text>`;
  if (says(ink, "burr")) return shadow(170) + path("M300 150 L500 150 L480 320 L320 320 Z", FILL.glass) + path("M310 220 L490 220 L480 318 L320 318 Z", "#5a3624", 'opacity=".9"') + box(284, 132, 232, 30, 12, FILL.dark) + path("M290 320 L510 320 Q540 330 540 370 L540 600 Q540 650 490 650 L310 650 Q260 650 260 600 L260 370 Q260 330 290 320 Z", FILL.side) + box(310, 500, 180, 120, 14, ink.darker) + box(326, 520, 148, 100, 10, FILL.glass) + oval(400, 420, 36, 36, FILL.steel) + shine("M290 380 V610", 10, 0.4);
  return shadow(130) + stroke("M400 190 H590 V170", "#7c8389", 16) + oval(594, 150, 26, 32, FILL.woodSide) + path("M310 220 L490 220 L482 430 L500 620 Q500 650 470 650 L330 650 Q300 650 300 620 L318 430 Z", FILL.side) + box(306, 410, 188, 38, 10, FILL.woodSide) + oval(400, 220, 90, 22, FILL.steel) + shine("M342 250 L336 400", 9, 0.5);
};

export const teapot: Drawing = (ink) => {
  const glassy = says(ink, "glass");
  return shadow(230) + stroke(says(ink, "kettle", "cast") ? "M250 350 Q270 190 400 186 Q530 190 550 350" : "M560 430 Q690 400 676 510 Q664 590 560 580", says(ink, "kettle") ? "#2e2b29" : ink.dark, 26) + path("M250 470 Q180 460 150 360 L118 350 Q112 336 128 330 L180 338 Q206 430 280 430 Z", FILL.face) + path("M230 500 Q230 350 400 346 Q570 350 570 500 Q570 650 400 650 Q230 650 230 500 Z", glassy ? FILL.glass : FILL.side) + (glassy ? path("M240 500 Q400 520 560 500 Q556 640 400 640 Q244 640 240 500 Z", "#b56a2b", 'opacity=".7"') : "") + path("M300 364 Q320 322 400 320 Q480 322 500 364 Q400 386 300 364 Z", FILL.face) + oval(400, 306, 24, 22, says(ink, "kettle", "glass") ? FILL.woodSide : FILL.side) + (says(ink, "cast") ? times(40, (i) => oval(270 + (i % 8) * 37, 430 + Math.floor(i / 8) * 36, 7, 7, ink.light, 'opacity=".3"')) : "") + shine("M274 450 Q262 540 310 600", 14, 0.4);
};

export const teaTin: Drawing = (ink) => shadow(170) + path("M250 330 L550 330 L550 620 Q550 650 520 650 L280 650 Q250 650 250 620 Z", FILL.side) + box(244, 250, 312, 90, 10, FILL.side) + oval(400, 254, 154, 26, FILL.top) + stroke("M248 340 H552", ink.darker, 5, 'opacity=".5"') + box(250, 420, 300, 150, 0, "#fbf6ec") + path("M400 440 Q440 470 400 510 Q360 470 400 440 Z", FILL.leaf) + path("M396 500 Q430 476 462 494 Q436 520 396 508 Z", FILL.leaf) + path("M404 500 Q370 476 338 494 Q364 520 404 508 Z", FILL.leaf) + box(344, 532, 112, 11, 5, ink.darker) + shine("M282 360 V630", 9, 0.35);
