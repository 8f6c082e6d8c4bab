/** The bar on top: whose figures these are, who is in the shop now, which period is shown. */
import { useEffect, useRef, useState } from "preact/hooks";
import { dateOf } from "../../../core/calendar.ts";
import { useDashboard } from "../context.ts";
import { datesOf, faultOf, PRESETS, type CustomRange, type Preset, type RangeFault } from "../range.ts";
import { Mark } from "./mark.tsx";

export function Header() {
  const { store, texts, format } = useDashboard();
  const stage = store.stage.value;
  const live = store.stats.value?.liveShoppers;
  return (
    <header class="bar">
      <div class="bar-shop">
        <Mark />
        <div class="bar-name">
          <h1>{stage.name === "signed-in" ? stage.session.name : ""}</h1>
          {live !== undefined && (
            <span class={live > 0 && !store.trouble.value ? "live on" : "live"} title={texts.liveHint}>
              <span class="live-dot" aria-hidden="true" />
              {texts.live(format.count(live), live === 1)}
            </span>
          )}
        </div>
      </div>
      <RangePicker />
      <button type="button" class="button quiet sign-out" onClick={() => void store.signOut()}>{texts.signOut}</button>
    </header>
  );
}

function RangePicker() {
  const { store, texts } = useDashboard();
  const { range } = store.view.value;
  const custom = typeof range !== "string";
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (event: Event) => {
      if (!place.current?.contains(event.target as Node)) setOpen(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    document.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", outside);
      document.removeEventListener("keydown", escape);
    };
  }, [open]);
  const choose = (preset: Preset) => {
    setOpen(false);
    store.show({ range: preset, bucket: null });
  };
  return (
    <div class="range" ref={place} role="group" aria-label={texts.range.label}>
      <div class="segments">
        {(Object.keys(PRESETS) as Preset[]).map((preset) => (
          <button key={preset} type="button" aria-pressed={range === preset} onClick={() => choose(preset)}>{texts.range.presets[preset]}</button>
        ))}
        <button ref={button} type="button" aria-pressed={custom} aria-expanded={open} onClick={() => setOpen(!open)}>{texts.range.custom}</button>
      </div>
      {open && store.period.value && <CustomForm done={() => { setOpen(false); button.current?.focus(); }} />}
    </div>
  );
}

function CustomForm({ done }: { done: () => void }) {
  const { store, texts } = useDashboard();
  const zone = store.shop.value!.timeZone;
  const [range, setRange] = useState<CustomRange>(datesOf(store.period.value!, zone));
  const [fault, setFault] = useState<RangeFault | null>(null);
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const today = dateOf(zone, store.nowMs.value);
  const apply = (event: Event) => {
    event.preventDefault();
    const found = faultOf(range, zone, store.nowMs.value);
    setFault(found);
    if (found) return;
    done();
    store.show({ range, bucket: null });
  };
  return (
    <form class="custom-range" noValidate onSubmit={apply}>
      <label>
        {texts.range.from}
        <input ref={first} type="date" value={range.from} max={today} aria-invalid={fault !== null} aria-describedby={fault ? "range-fault" : undefined} onInput={(event) => setRange({ ...range, from: event.currentTarget.value })} />
      </label>
      <label>
        {texts.range.to}
        <input type="date" value={range.to} max={today} aria-invalid={fault !== null} aria-describedby={fault ? "range-fault" : undefined} onInput={(event) => setRange({ ...range, to: event.currentTarget.value })} />
      </label>
      {fault && <p id="range-fault" class="fault" role="alert">{texts.range.faults[fault]}</p>}
      <button type="submit" class="button primary">{texts.range.apply}</button>
    </form>
  );
}
