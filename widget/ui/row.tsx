/** One carousel as the shopper sees it. */
import { Component, createRef } from "preact";
import type { Card } from "../../core/catalogue.ts";
import type { PriceTexts } from "./price.ts";

/** Pixels by which an end may be missed: browsers round scroll positions. */
const END_SLACK_PX = 4;

export interface RowProps {
  title: string;
  cards: Card[];
  price(card: Card): PriceTexts;
  /** The sentence is asked for when the shopper asks. */
  why(itemId: string): string;
  onClick(itemId: string): void;
  onDismiss(itemId: string): void;
  /** Asks what is kept and sent. */
  onPrivacy(): void;
}

interface RowState {
  atStart: boolean;
  atEnd: boolean;
  /** The card whose reason is shown. */
  asked: string | null;
  spoken: string;
}

export class Row extends Component<RowProps, RowState> {
  override state: RowState = { atStart: true, atEnd: true, asked: null, spoken: "" };
  private list = createRef<HTMLUListElement>();
  private arrows = createRef<HTMLDivElement>();
  /** Takes the focus once it is shown. */
  private focusNext: HTMLElement | null = null;
  /** Place of the card just dismissed, -1 for none. */
  private dismissedAt = -1;
  private resize = new ResizeObserver(() => this.measure());

  override componentDidMount() {
    this.resize.observe(this.list.current!);
    this.measure();
  }
  override componentDidUpdate({ cards: before }: RowProps) {
    this.focusNext?.focus({ preventScroll: true });
    this.focusNext = null;
    this.measure();
    const { cards } = this.props;
    if (this.dismissedAt < 0 || cards === before) return;
    // The button is gone: whoever used it goes on from the card that took its place.
    const links = this.list.current!.querySelectorAll("a");
    links[Math.min(this.dismissedAt, links.length - 1)]?.focus({ preventScroll: true });
    this.dismissedAt = -1;
  }
  override componentWillUnmount() {
    this.resize.disconnect();
  }

  private measure = () => {
    const list = this.list.current;
    if (!list) return;
    const atStart = list.scrollLeft <= END_SLACK_PX;
    const atEnd = list.scrollLeft + list.clientWidth >= list.scrollWidth - END_SLACK_PX;
    this.keepFocus(atStart, atEnd);
    if (atStart !== this.state.atStart || atEnd !== this.state.atEnd) this.setState({ atStart, atEnd });
  };
  /** An arrow that hides while it has the focus hands it to the other one: losing it would send the keyboard back to the page's start. */
  private keepFocus(atStart: boolean, atEnd: boolean) {
    const [back, more] = this.arrows.current!.querySelectorAll("button");
    const focused = (this.arrows.current!.getRootNode() as ShadowRoot).activeElement;
    if (atEnd && !atStart && focused === more) this.focusNext = back!;
    if (atStart && !atEnd && focused === back) this.focusNext = more!;
  }
  private turn(direction: 1 | -1) {
    const list = this.list.current!;
    list.scrollBy({ left: direction * Math.max(list.clientWidth * 0.85, 160) });
  }
  private dismiss(card: Card) {
    const { cards, onDismiss } = this.props;
    this.dismissedAt = cards.indexOf(card);
    this.setState({ asked: null, spoken: `${card.title} will not be recommended again.` });
    onDismiss(card.id);
  }

  override render({ title, cards, price, why, onClick, onPrivacy }: RowProps, { atStart, atEnd, asked, spoken }: RowState) {
    // A line that no card has anything for is not kept free.
    const branded = cards.some(({ brand }) => brand);
    const rated = cards.some(({ rating_value }) => rating_value);
    return (
      <section aria-labelledby="title">
        <header>
          <h2 id="title">{title}</h2>
          <button type="button" class="privacy" onClick={onPrivacy}>Your data</button>
          <div class="arrows" ref={this.arrows}>
            <button type="button" class="arrow" hidden={atStart} aria-label="Back" onClick={() => this.turn(-1)}><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M15 5l-7 7 7 7" /></svg></button>
            <button type="button" class="arrow" hidden={atEnd} aria-label="More" onClick={() => this.turn(1)}><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9 5l7 7-7 7" /></svg></button>
          </div>
        </header>
        <ul role="list" ref={this.list} onScroll={this.measure}>
          {cards.map((card) => (
            <li key={card.id} data-item={card.id}>
              <a href={safeUrl(card.link)} onClick={() => onClick(card.id)} onAuxClick={({ button }) => button === 1 && onClick(card.id)}>
                <span class="picture"><Picture key={card.image_link} source={card.image_link} /></span>
                {branded && <span class="brand">{card.brand}</span>}
                <span class="title">{card.title}</span>
                {rated && <Rating value={card.rating_value} count={card.review_count} />}
                <Price texts={price(card)} />
              </a>
              {asked === card.id && <p class="why" role="status">{why(card.id)}</p>}
              <div class="tools">
                <button type="button" class="tool" aria-label={`Why this? ${card.title}`} title="Why this?" aria-expanded={asked === card.id} onClick={() => this.setState({ asked: asked === card.id ? null : card.id })}>
                  <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M9 9a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.2-1.5 2.4M12 17.5v.01" /></svg>
                </button>
                <button type="button" class="tool" aria-label={`Not this: ${card.title}`} title="Not this" onClick={() => this.dismiss(card)}>
                  <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M7 7l10 10M17 7L7 17" /></svg>
                </button>
              </div>
            </li>
          ))}
        </ul>
        <p class="spoken" role="status">{spoken}</p>
      </section>
    );
  }
}

/** A product's picture, or nothing where it cannot be had: the soft ground behind it stays. */
class Picture extends Component<{ source: string | undefined }, { failed: boolean }> {
  override state = { failed: false };
  override render({ source }: { source: string | undefined }, { failed }: { failed: boolean }) {
    const url = failed ? undefined : safeUrl(source);
    return url ? <img src={url} alt="" width="400" height="400" loading="lazy" decoding="async" onError={() => this.setState({ failed: true })} /> : null;
  }
}

function Rating({ value, count }: { value: number | undefined; count: number | undefined }) {
  if (!value) return <span class="rating" />;
  const reviews = count ? `, ${count} ${count === 1 ? "review" : "reviews"}` : "";
  return (
    <span class="rating">
      <span class="stars" aria-hidden="true">★★★★★<span style={{ width: `${(value / 5) * 100}%` }}>★★★★★</span></span>
      <span aria-hidden="true">{count}</span>
      <span class="spoken">{`Rated ${value} of 5${reviews}`}</span>
    </span>
  );
}

function Price({ texts: { now, was } }: { texts: PriceTexts }) {
  if (!was) return <span class="price">{now}</span>;
  return <span class="price"><span class="spoken">Now </span><span class="sale">{now}</span><s><span class="spoken">, before </span>{was}</s></span>;
}

/** Catalogues are data: a `javascript:` link in one must not become a link here. */
function safeUrl(link: string | undefined): string | undefined {
  try {
    const url = new URL(link!, location.origin);
    return link && /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    // Nobody can follow it. (`URL.canParse` is missing before Safari 17 and Chrome 120.)
    return undefined;
  }
}
