/** Drawings for shops whose products only have a title: what gift shops sell, and a parcel for everything else. */
import { box, FILL, moved, oval, path, says, shadow, shine, stroke, times, turned, type Drawing, type Ink } from "./ink.ts";

const HEART = "M400 640 C200 500 150 380 200 290 C250 210 360 220 400 310 C440 220 550 210 600 290 C650 380 600 500 400 640 Z";

export const heart: Drawing = (ink) => (says(ink, "hanging", "hanger", "decoration") ? stroke("M400 40 V290", "#a98a63", 7) + path("M400 60 q-50 -46 -62 6 q20 30 62 -6 q50 -46 62 6 q-20 30 -62 -6", ink.dark) : shadow(170, 670)) + moved(10, 16, path(HEART, "#3a2a20", 'opacity=".14"')) + path(HEART, FILL.face) + path("M238 320 Q264 258 330 264 Q280 300 262 380 Q240 360 238 320 Z", "#fff", 'opacity=".4"') + (says(ink, "t-light", "candle", "holder") ? oval(400, 420, 84, 84, FILL.glow) + box(350, 420, 100, 70, 10, FILL.glass) + path("M400 360 Q426 400 400 428 Q374 400 400 360 Z", "#ffc45c") : says(ink, "wicker", "rattan") ? times(7, (i) => stroke(`M${230 + i * 56} 290 L${290 + i * 36} 560`, ink.darker, 6, 'opacity=".35"')) : times(9, (i) => oval(270 + i * 32, 350 + Math.abs(4 - i) * -6, 6, 6, "#fff", 'opacity=".75"')));

export const bag: Drawing = (ink) => shadow(220) + stroke("M300 320 Q300 150 400 150 Q500 150 500 320", ink.darker, 20) + path("M200 310 L600 310 L630 630 Q630 650 606 650 L194 650 Q170 650 170 630 Z", FILL.face) + pattern(ink, 210, 350, 380, 270) + stroke("M204 330 H596", ink.lighter, 5, 'stroke-dasharray="12 9" opacity=".8"') + shine("M214 350 L196 620", 9, 0.25);

/** Spots, stripes, hearts, stars or flowers, by the title, else by chance. */
function pattern(ink: Ink, x: number, y: number, w: number, h: number): string {
  const kind = says(ink, "spot", "polka", "dot") ? 0 : says(ink, "strip") ? 1 : says(ink, "heart") ? 2 : says(ink, "star", "christmas") ? 3 : says(ink, "flower", "rose", "daisy", "paisley", "floral") ? 4 : Math.floor(ink.random() * 5);
  if (kind === 1) return times(Math.floor(w / 50), (i) => box(x + 12 + i * 50, y, 22, h, 0, "#fff", 'opacity=".42"'));
  return times(4, (row) => times(5, (column) => {
    const cx = x + (column + (row % 2 ? 0.9 : 0.45)) * (w / 5.4), cy = y + (row + 0.5) * (h / 4);
    if (kind === 0) return oval(cx, cy, 17, 17, "#fff", 'opacity=".78"');
    if (kind === 2) return moved(cx - 32, cy - 34, path(HEART, "#fff", 'opacity=".75"'), 0.08);
    if (kind === 3) return path(`M${cx} ${cy - 20} l6 14 l15 1 l-12 10 l4 15 l-13 -9 l-13 9 l4 -15 l-12 -10 l15 -1 Z`, "#fff", 'opacity=".8"');
    return times(5, (i) => turned(i * 72, oval(cx, cy - 13, 8, 12, "#fff", 'opacity=".8"'), cx, cy)) + oval(cx, cy, 7, 7, "#e7b75a");
  }));
}

export const lunchBox: Drawing = (ink) => shadow(270) + stroke("M320 340 Q320 250 400 250 Q480 250 480 340", ink.darker, 22) + box(140, 340, 520, 310, 40, FILL.face) + pattern(ink, 180, 430, 440, 190) + box(140, 340, 520, 70, 34, FILL.dark) + box(360, 388, 80, 50, 10, FILL.steel) + shine("M176 430 V610", 10, 0.35);

export const giftBox: Drawing = (ink) => shadow(240) + box(190, 360, 420, 290, 14, FILL.side) + pattern(ink, 200, 400, 400, 240) + box(164, 300, 472, 84, 14, FILL.top) + box(372, 300, 56, 350, 0, ink.darker) + path("M400 300 Q260 260 280 190 Q320 140 400 296 Q480 140 520 190 Q540 260 400 300 Z", ink.darker) + path("M400 300 Q310 250 306 208 Q340 186 400 300 Q460 186 494 208 Q490 250 400 300 Z", ink.base);

export const cake: Drawing = (ink) => {
  const stand = shadow(200) + path("M380 560 L420 560 L440 620 L520 640 Q520 652 400 652 Q280 652 280 640 L360 620 Z", FILL.side) + oval(400, 550, 270, 44, ink.dark) + oval(400, 540, 270, 44, FILL.top) + times(15, (i) => oval(148 + i * 36, 556 + Math.sin((i / 14) * 3.14) * 30, 12, 12, ink.light, 'opacity=".7"'));
  if (says(ink, "cases", "cupcake", "fairy")) return shadow(220) + path("M240 430 L560 430 L510 640 Q508 650 490 650 L310 650 Q292 650 290 640 Z", FILL.side) + times(8, (i) => stroke(`M${270 + i * 37} 436 L${308 + i * 26} 646`, ink.darker, 5, 'opacity=".35"')) + path("M220 430 Q200 360 280 340 Q290 250 400 230 Q510 250 520 340 Q600 360 580 430 Q400 466 220 430 Z", FILL.cream) + oval(400, 220, 30, 30, "#c4563a") + times(14, () => turned(ink.random() * 180, box(400, 330, 22, 7, 3, ["#c4563a", "#557796", "#d3a03a"][Math.floor(ink.random() * 3)]!), 330 + ink.random() * 140, 330 + ink.random() * 30));
  return stand + path("M250 400 L550 400 L550 530 Q400 556 250 530 Z", FILL.cream) + path("M250 400 Q260 340 400 336 Q540 340 550 400 Q546 440 524 430 Q510 470 480 440 Q450 490 420 446 Q390 480 360 442 Q330 470 310 434 Q280 460 250 400 Z", ink.light) + times(5, (i) => oval(300 + i * 50, 356 - Math.abs(2 - i) * -8, 18, 18, "#c4563a"));
};

export const sign: Drawing = (ink) => stroke("M250 330 L400 130 L550 330", "#a98a63", 7) + oval(400, 128, 12, 12, "#8d6233") + moved(10, 16, box(110, 320, 580, 260, 14, "#3a2a20", 'opacity=".15"')) + box(110, 320, 580, 260, 14, FILL.face) + box(136, 346, 528, 208, 8, "none", `stroke="${ink.lighter}" stroke-width="5" opacity=".8"`) + moved(320, 360, path(HEART, "#fff", 'opacity=".9"'), 0.2) + box(230, 500, 340, 12, 6, "#fff", 'opacity=".8"') + box(290, 524, 220, 9, 4, "#fff", 'opacity=".6"') + times(2, (i) => oval(160 + i * 480, 372, 9, 9, ink.darker));

export const bunting: Drawing = (ink) => stroke("M20 220 Q400 420 780 220", "#8a7a66", 8) + times(6, (i) => { const x = 90 + i * 112, y = [262, 302, 318, 318, 302, 262][i]!; return path(`M${x} ${y} L${x + 92} ${y + (i < 2 ? 14 : i > 3 ? -14 : 0)} L${x + 50} ${y + 176} Z`, [FILL.face, FILL.cream, ink.dark, ink.light, FILL.cream, FILL.face][i]!) + times(5, (j) => oval(x + 26 + (j % 3) * 20, y + 34 + Math.floor(j / 3) * 34, 6, 6, i % 2 ? ink.base : "#fff", 'opacity=".8"')); });

export const frame: Drawing = (ink) => moved(14, 20, box(190, 130, 420, 540, 8, "#3a2a20", 'opacity=".16"')) + box(190, 130, 420, 540, 8, FILL.face) + box(234, 174, 332, 452, 4, "#fbf6ec") + box(276, 220, 248, 360, 2, "#cfe0e2") + path("M276 500 L350 390 L410 460 L460 410 L524 500 L524 580 L276 580 Z", ink.dark, 'opacity=".75"') + oval(460, 290, 34, 34, "#f2c66d") + shine("M202 146 V654", 6, 0.4);

export const umbrella: Drawing = () => stroke("M400 200 V640 Q400 690 350 690 Q316 690 312 650", "#6a4a2f", 18) + path("M120 420 Q150 190 400 180 Q650 190 680 420 Q630 380 580 420 Q540 380 490 420 Q440 380 400 420 Q360 380 310 420 Q260 380 220 420 Q170 380 120 420 Z", FILL.face) + path("M400 180 Q300 260 310 420 Q260 380 220 420 Q240 250 400 180 Z M400 180 Q500 260 490 420 Q540 380 580 420 Q560 250 400 180 Z", "#fff", 'opacity=".3"') + box(394, 146, 12, 44, 5, "#6a4a2f");

export const bauble: Drawing = (ink) => stroke("M400 30 V190", "#a98a63", 6) + box(366, 180, 68, 50, 10, FILL.brass) + oval(400, 430, 210, 210, FILL.face) + path("M204 360 Q400 440 596 360 L610 430 Q400 520 190 430 Z", "#fff", 'opacity=".5"') + times(6, (i) => path(`M${240 + i * 64} ${416 + (i === 0 || i === 5 ? -14 : 8)} l7 15 l16 1 l-12 11 l4 16 l-15 -9 l-15 9 l4 -16 l-12 -11 l16 -1 Z`, ink.darker, 'opacity=".6"')) + oval(320, 310, 44, 28, "#fff", 'opacity=".55" transform="rotate(-30 320 310)"');

export const card: Drawing = (ink) => oval(420, 660, 280, 36, FILL.shadow) + turned(6, box(290, 180, 330, 450, 6, "#e2d8c6")) + turned(-5, box(200, 180, 340, 460, 6, FILL.cream) + box(226, 206, 288, 408, 4, FILL.face) + pattern(ink, 240, 230, 260, 300) + box(280, 548, 180, 14, 7, "#fff", 'opacity=".9"') + box(310, 574, 120, 10, 5, "#fff", 'opacity=".65"'));

export const jewel: Drawing = (ink) => path("M190 640 L240 200 Q400 140 560 200 L610 640 Z", FILL.cream) + stroke("M270 250 Q290 520 400 540 Q510 520 530 250", "#c49a49", 7, 'stroke-dasharray="3 11"') + path("M400 536 l46 56 l-46 78 l-46 -78 Z", FILL.face) + path("M354 592 h92 M400 536 l-18 56 l18 78 l18 -78 Z", "none", 'stroke="#fff" stroke-width="3" opacity=".7"') + times(8, (i) => oval(288 + (i < 4 ? i * 18 : 156 + (i - 4) * 18), i < 4 ? 340 + i * 44 : 476 - (i - 4) * 44, 13, 13, i % 2 ? ink.light : ink.base));

export const doll: Drawing = (ink) => shadow(180) + path("M290 400 Q400 350 510 400 L580 640 Q400 670 220 640 Z", FILL.face) + pattern(ink, 270, 470, 260, 160) + oval(400, 290, 120, 120, "#f2d3b3") + path("M278 290 Q270 150 400 150 Q530 150 522 290 Q500 210 400 214 Q300 210 278 290 Z", "#7a4a2c") + oval(356, 300, 9, 12, "#2b2523") + oval(444, 300, 9, 12, "#2b2523") + oval(330, 332, 20, 12, "#e39a86", 'opacity=".7"') + oval(470, 332, 20, 12, "#e39a86", 'opacity=".7"') + stroke("M378 340 Q400 360 422 340", "#a2503c", 6);

export const knob: Drawing = (ink) => shadow(150) + path("M340 650 L350 500 L450 500 L460 650 Z", FILL.brass) + oval(400, 390, 180, 160, FILL.face) + oval(400, 380, 120, 104, "#fff", 'opacity=".25"') + times(8, (i) => turned(i * 45, oval(400, 320, 14, 46, ink.darker, 'opacity=".35"'), 400, 386)) + oval(400, 386, 26, 26, FILL.brass) + oval(334, 300, 34, 22, "#fff", 'opacity=".6"');

export const wrap: Drawing = (ink) => oval(420, 640, 320, 40, FILL.shadow) + turned(-24, [0, 1, 2].map((i) => box(110 + i * 34, 280 + i * 96, 540, 92, 44, i === 1 ? FILL.cream : i ? FILL.dark : FILL.top) + (i === 1 ? times(9, (j) => oval(170 + j * 56, 422, 14, 14, ink.base)) : times(9, (j) => box(170 + j * 54, 280 + i * 96, 18, 92, 0, "#fff", 'opacity=".35"'))) + oval(642 + i * 34, 326 + i * 96, 30, 44, ink.darker) + oval(642 + i * 34, 326 + i * 96, 15, 26, "#fbf6ec")).join(""));

export const charger: Drawing = (ink) => shadow(210) + box(220, 300, 360, 350, 40, FILL.face) + box(250, 330, 300, 290, 26, ink.darker, 'opacity=".22"') + pattern(ink, 262, 350, 276, 250) + oval(400, 300, 40, 20, FILL.brass);

export const hotWaterBottle: Drawing = (ink) => shadow(190, 700) + box(350, 96, 100, 60, 18, ink.darker) + path("M340 150 L460 150 L470 230 Q590 240 590 340 L570 620 Q564 700 480 700 L320 700 Q236 700 230 620 L210 340 Q210 240 330 230 Z", FILL.face) + box(326, 196, 148, 54, 20, FILL.dark) + pattern(ink, 244, 300, 312, 340) + shine("M238 330 L256 620", 10, 0.3);
