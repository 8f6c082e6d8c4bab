/** What the panel says and offers. */
import { Component, createRef, type ComponentChildren } from "preact";
import type { ErasureReceipt } from "../../core/api.ts";
import type { Bridge } from "../bridge.ts";
import type { Purpose } from "../consent.ts";
import { choose } from "../consent/choice.ts";
import type { ErasureEnd } from "../identity.ts";
import { change } from "../store/shopper.ts";
import { exportRecord, type DeviceRecord } from "./record.ts";
import { verifyReceipt } from "./receipt.ts";

export interface PanelProps {
  bridge: Bridge;
  record: DeviceRecord;
  onClose(): void;
  /** The device may hold something else now. */
  onChange(): void;
}

interface PanelState {
  /** What has become of the wish to be forgotten. */
  forgetting: "no" | "asked" | "wiping" | "wiped";
  /** What became of this wish, and of those of earlier pages, as far as the edge has answered. */
  ends: Ended[];
  /** How many there were before this page's wish. */
  endsBefore: number;
}
/** `genuine`: whether its receipt is what the edge signed; undefined where this page cannot tell. */
type Ended = ErasureEnd & { genuine?: boolean | undefined };

const DEEDS = { view: "Looked at", wishlist: "Wished for", cart: "Put in the cart", purchase: "Bought" } as const;
const SWITCHES: readonly { purpose: Purpose; label: string; text: string }[] = [
  { purpose: "personalization", label: "Personal picks", text: "Remembers in this browser what you look at, and ranks products by it. The ranking happens here." },
  { purpose: "analytics", label: "Send visits to this shop", text: "Views, clicks and orders under a random number, never your name. They show the shop what works." },
];
/** Newest entries shown; the export has them all. */
const SHOWN = 50;

export class Panel extends Component<PanelProps, PanelState> {
  override state: PanelState = { forgetting: "no", ends: [], endsBefore: 0 };
  private dialog = createRef<HTMLDialogElement>();
  private confirm = createRef<HTMLButtonElement>();
  private outcome = createRef<HTMLHeadingElement>();
  private quiet: (() => void) | undefined;

  override componentDidMount() {
    const { bridge } = this.props;
    const take = async (end: ErasureEnd) => {
      const genuine = end.end === "erased" ? await verifyReceipt(end.receipt) : undefined;
      this.setState(({ ends }) => ({ ends: [...ends, { ...end, genuine }] }));
    };
    // A wish of an earlier page may be answered on this one.
    bridge.faults.watch("receipt", bridge.identity().then(({ onErasure }) => {
      this.quiet = onErasure(bridge, (end) => bridge.faults.watch("receipt", take(end)));
    }));
  }
  override componentWillUnmount() {
    this.quiet?.();
  }
  override componentDidUpdate(_: PanelProps, { forgetting: before }: PanelState) {
    const { forgetting } = this.state;
    if (forgetting === before) return;
    // The button that had the focus is gone.
    if (forgetting === "asked") this.confirm.current?.focus();
    if (forgetting === "wiped") this.outcome.current?.focus();
  }

  private async forget() {
    const { bridge, onChange } = this.props;
    this.setState(({ ends }) => ({ forgetting: "wiping", endsBefore: ends.length }));
    await bridge.forget();
    this.setState({ forgetting: "wiped" });
    onChange();
  }
  private note(clientId: string) {
    const { bridge } = this.props;
    bridge.faults.watch("erasure", bridge.identity().then(({ dropRefusal }) => dropRefusal(bridge, clientId)));
    this.setState(({ ends }) => ({ ends: ends.filter((end) => end.clientId !== clientId) }));
  }
  private download() {
    const { bridge, record } = this.props;
    save(exportRecord(bridge, record), "my-data-in-this-shop.json");
  }

  override render({ bridge, record, onClose, onChange }: PanelProps, { forgetting, ends, endsBefore }: PanelState) {
    const { locale } = bridge.config() ?? {};
    const words = wording(locale);
    const gone = forgetting === "wiped";
    const answers = ends.map((ended) => <Answer key={ended.clientId} ended={ended} words={words} onNoted={() => this.note(ended.clientId)} />);
    return (
      <dialog ref={this.dialog} aria-labelledby="title" onClose={onClose} onClick={({ target }) => target === this.dialog.current && this.dialog.current!.close()}>
        <div class="sheet">
          <div class="head">
            <h2 id="title">Your data in this shop</h2>
            <button type="button" class="close" aria-label="Close" onClick={() => this.dialog.current!.close()}><svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 6l12 12M18 6L6 18" /></svg></button>
          </div>
          <div class="body">
            {gone ? <Forgotten isWaiting={ends.length === endsBefore} heading={this.outcome}>{answers}</Forgotten> : (
              <>
                {ends.length > 0 && <section class="forgotten" role="status"><h3>You asked to be forgotten.</h3>{answers}</section>}
                <p class="lead">Recommendations here are worked out in your own browser. This is all it remembers, and all it has ever sent.</p>
                <Switches bridge={bridge} onChange={onChange} />
                <Kept bridge={bridge} record={record} words={words} />
                <Sent record={record} words={words} />
              </>
            )}
          </div>
          {!gone && (
            <div class="foot">
              {forgetting === "no" ? (
                <>
                  <button type="button" class="plain" onClick={() => this.download()}>Download as a file</button>
                  <button type="button" class="grave" onClick={() => this.setState({ forgetting: "asked" })}>Forget me</button>
                </>
              ) : (
                <div role="group" aria-labelledby="really">
                  <p id="really">This empties everything above now, and has the shop delete what it received. It cannot be undone.</p>
                  <button type="button" class="plain" disabled={forgetting === "wiping"} onClick={() => this.setState({ forgetting: "no" })}>Keep it</button>
                  <button type="button" class="grave filled" ref={this.confirm} aria-busy={forgetting === "wiping"} onClick={() => forgetting === "asked" && bridge.faults.watch("forget", this.forget())}>Forget everything</button>
                </div>
              )}
            </div>
          )}
        </div>
      </dialog>
    );
  }
}

function Switches({ bridge, onChange }: Pick<PanelProps, "bridge" | "onChange">) {
  const { consent } = bridge;
  const grants = consent.grants();
  /** Why it cannot be switched here. */
  const fixed = (purpose: Purpose) => {
    if (purpose === "analytics" && (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl) return "Your browser asks every site not to (Global Privacy Control), so nothing is sent.";
    const denied = Object.entries(consent.said).some(([source, word]) => source !== "shopper" && word[purpose] === false);
    return denied ? "Off in this shop’s cookie settings, which you can change there." : undefined;
  };
  return (
    <section aria-label="Switches" class="switches">
      {SWITCHES.map(({ purpose, label, text }) => {
        const reason = fixed(purpose);
        return (
          <div class="switch" key={purpose}>
            <div>
              <h3 id={purpose}>{label}</h3>
              <p id={`${purpose}-text`}>{reason ?? text}</p>
            </div>
            <button type="button" role="switch" aria-checked={grants[purpose]} aria-labelledby={purpose} aria-describedby={`${purpose}-text`} disabled={reason !== undefined} onClick={() => {
              choose(bridge, { [purpose]: !grants[purpose] });
              onChange();
            }}><span /></button>
          </div>
        );
      })}
    </section>
  );
}

function Kept({ bridge, record, words }: { bridge: Bridge; record: DeviceRecord; words: Words }) {
  const { history, cart, dismissed, orders, clicks, session, user } = record.shopper;
  const title = (id: string) => record.titles.get(id) ?? id;
  const newest = history.slice(-SHOWN).reverse();
  const pieces = Object.entries(cart);
  const reasons = newest.slice(0, 3).map(({ item_id }) => title(item_id));
  const empty = history.length + pieces.length + dismissed.length + orders.length === 0 && !record.client;
  return (
    <section aria-labelledby="kept">
      <h3 id="kept">On this device</h3>
      {empty && <p>Nothing.</p>}
      {reasons.length > 0 && <p>Your picks follow what you did last: {reasons.join(", ")}{history.length > 3 ? " and what came before" : ""}.</p>}
      {newest.length > 0 && (
        <Fold title="Products" count={history.length}>
          <ul>{newest.map(({ item_id, kind, atMs }) => <li key={`${item_id} ${atMs}`}><span>{title(item_id)}</span><span class="quiet">{DEEDS[kind]}, {words.when(atMs)}</span></li>)}</ul>
        </Fold>
      )}
      {pieces.length > 0 && <Fold title="In your cart" count={pieces.length}><ul>{pieces.map(([id, quantity]) => <li key={id}><span>{title(id)}</span><span class="quiet">{quantity} ×</span></li>)}</ul></Fold>}
      {dismissed.length > 0 && (
        <Fold title="Not recommended again" count={dismissed.length}>
          <ul>{dismissed.map((id) => <li key={id}><span>{title(id)}</span><button type="button" class="undo" aria-label={`Allow ${title(id)} again`} onClick={() => void bridge.journal.record(null, [change("dismissed", (ids) => ids.filter((other) => other !== id))])}>Allow again</button></li>)}</ul>
        </Fold>
      )}
      {orders.length > 0 && <Fold title="Order numbers, so that none counts twice" count={orders.length}><ul>{orders.map((id) => <li key={id}><span>{id}</span></li>)}</ul></Fold>}
      {clicks.length > 0 && <Fold title="Clicks on recommendations" count={clicks.length}><ul>{clicks.map(({ itemId, slate }) => <li key={itemId}><span>{title(itemId)}</span><span class="quiet">{slate.placement}</span></li>)}</ul></Fold>}
      {record.client && (
        <Fold title="Random numbers that stand for you" count={[record.client, session, user].filter(Boolean).length}>
          <ul>
            <li><span>This browser</span><code>{record.client.id}</code></li>
            {session && <li><span>This visit, until half an hour of quiet</span><code>{session.id}</code></li>}
            {user && <li><span>Your login, scrambled in this browser</span><code>{user.slice(0, 12)}…</code></li>}
          </ul>
        </Fold>
      )}
    </section>
  );
}

function Sent({ record: { sent, totals, waiting }, words }: { record: DeviceRecord; words: Words }) {
  return (
    <section aria-labelledby="sent">
      <h3 id="sent">Sent to this shop</h3>
      <p>{totals.batches === 0 ? "Nothing has ever been sent." : `${words.count(totals.sentEvents, "event")} in ${words.count(totals.batches, "message")}, ${words.bytes(totals.sentBytes)} in all.`}</p>
      {sent.length > 0 && (
        <Fold title={sent.length < totals.batches ? "Newest messages" : "Messages"} count={sent.length}>
          <ul class="ledger">{sent.map(({ atMs, bytes, events, content }) => {
            const line = <><span>{words.when(atMs)}</span><span class="quiet">{events > 0 ? words.count(events, "event") : content ? "A question for picks" : "A receipt for numbers unused"}, {words.bytes(bytes)}</span></>;
            return <li key={`${atMs} ${bytes}`}>{content ? <details><summary>{line}</summary><Events text={content} /></details> : line}</li>;
          })}</ul>
        </Fold>
      )}
      {waiting.length > 0 && <Fold title="Waiting to be sent" count={waiting.length}><Events text={waiting.map(({ json }) => json).join("\n")} /></Fold>}
    </section>
  );
}

/** Events as they are sent, one a line; scrolls, so it takes the focus. */
function Events({ text }: { text: string }) {
  return <pre tabIndex={0} role="region" aria-label="Events as they are sent">{text}</pre>;
}

function Fold({ title, count, children }: { title: string; count: number; children: ComponentChildren }) {
  return <details class="fold"><summary><span>{title}</span><span class="count">{count}</span></summary>{children}</details>;
}

function Forgotten({ isWaiting, heading, children }: { isWaiting: boolean; heading: { current: HTMLHeadingElement | null }; children: ComponentChildren }) {
  return (
    <section class="forgotten" role="status">
      <h3 tabIndex={-1} ref={heading}>You are forgotten.</h3>
      <p>This device keeps nothing of you any more, and this page records nothing. The recommendations behind this window are everybody’s again.</p>
      {isWaiting && <p class="waiting">The shop has been asked to delete what it received. If it cannot answer now, it is asked again on your next visit.</p>}
      {children}
    </section>
  );
}

/** What the shop has made of a wish to be erased. */
function Answer({ ended, words, onNoted }: { ended: Ended; words: Words; onNoted(): void }) {
  if (ended.end === "nothing") return <p>The shop held nothing about this device.</p>;
  if (ended.end === "erased") return <Receipt receipt={ended.receipt} genuine={ended.genuine} words={words} />;
  return (
    <div class="receipt">
      <p><strong>The shop has not deleted what it received.</strong></p>
      <p>It could not tell that the wish came from this browser, and is not asked again. Write to the shop: its owner can delete everything under this number.</p>
      <dl><div><dt>Number</dt><dd><code>{ended.clientId}</code></dd></div></dl>
      <button type="button" class="plain" onClick={onNoted}>I have noted it</button>
    </div>
  );
}

function Receipt({ receipt, genuine, words }: { receipt: ErasureReceipt; genuine: boolean | undefined; words: Words }) {
  const { events, erasedAtMs, clientSha256 } = receipt.receipt;
  const seal = genuine ? "Signed, and the signature is right" : genuine === undefined ? "Signed; this page cannot check signatures" : "The signature is not right: ask the shop";
  return (
    <div class="receipt">
      <p><strong>The shop has deleted {words.count(events, "event")}.</strong></p>
      <dl>
        <div><dt>When</dt><dd>{words.when(erasedAtMs)}</dd></div>
        <div><dt>Whose</dt><dd><code>{clientSha256.slice(0, 16)}…</code></dd></div>
        <div><dt>Receipt</dt><dd>{seal}</dd></div>
      </dl>
      <button type="button" class="plain" onClick={() => save(JSON.stringify(receipt, null, 2), "erasure-receipt.json")}>Download the receipt</button>
    </div>
  );
}

function save(text: string, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href));
}

type Words = ReturnType<typeof wording>;
/** Times and sizes as the shop's customers write them. */
function wording(locale: string | undefined) {
  const [time, number] = [locale, undefined].flatMap((choice) => {
    try {
      return [[new Intl.DateTimeFormat(choice, { dateStyle: "medium", timeStyle: "short" }), new Intl.NumberFormat(choice, { maximumFractionDigits: 1 })] as const];
    } catch {
      return [];
    }
  })[0]!;
  return {
    when: (atMs: number) => time.format(atMs),
    count: (count: number, noun: string) => `${number.format(count)} ${noun}${count === 1 ? "" : "s"}`,
    bytes: (bytes: number) => (bytes < 1024 ? `${number.format(bytes)} bytes` : `${number.format(bytes / 1024)} KB`),
  };
}
