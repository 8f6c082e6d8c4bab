/** Which models were published, how good each was when it was published, and the brake. */
import { useRef, useState } from "preact/hooks";
import type { ModelRecord } from "../../../core/api.ts";
import type { Figure } from "../../../core/weights/manifest.ts";
import type { Failure } from "../api.ts";
import { useDashboard } from "../context.ts";
import { NO_FIGURE } from "../format.ts";
import { Definition } from "./definition.tsx";

export function ModelsPanel() {
  const { store, texts, format } = useDashboard();
  const registry = store.models.value;
  const words = texts.models;
  const shop = store.shop.value;
  const current = registry?.models.find((model) => model.current);
  return (
    <section class="panel models-panel" aria-labelledby="models-title" aria-busy={!registry}>
      <div class="panel-head">
        <div><h2 id="models-title">{words.title}</h2><p class="hint">{words.intro}</p></div>
        {registry && current && <Brake paused={registry.paused} />}
      </div>
      {!registry || !shop ? <span class="bone table-bone" /> : registry.models.length === 0 ? (
        <><p class="empty">{words.empty}</p><pre class="snippet" tabIndex={0}>{`npm run train -- --shop ${shop.shop}`}</pre></>
      ) : (
        <>
          {registry.paused && <p class="notice" role="status">{words.pausedNote}</p>}
          <div class={current ? "models-body" : ""}>
            {current && <Comparison model={current} paused={registry.paused} />}
            <div class="scroll" tabIndex={0} role="region" aria-label={words.table}>
              <table class="models">
                <thead>
                  <tr>
                    <th scope="col">{words.columns.version}</th>
                    <th scope="col">{words.columns.published}</th>
                    <th scope="col" class="number">{words.columns.ndcg}</th>
                    <th scope="col" class="number">{words.columns.popularity}</th>
                    <th scope="col" class="number">{words.columns.itemKnn}</th>
                    <th scope="col" class="number">{words.columns.oracle}</th>
                    <th scope="col" class="number">{words.columns.items}</th>
                    <th scope="col" class="number">{words.columns.size}</th>
                  </tr>
                </thead>
                <tbody>
                  {[...registry.models].sort((a, b) => b.version - a.version).map((model) => {
                    const { evaluation } = model;
                    return (
                      <tr key={model.version} data-version={model.version}>
                        <th scope="row">
                          {format.count(model.version)}
                          {model.current && <span class={registry.paused ? "badge off" : "badge"}>{registry.paused ? words.paused : words.current}</span>}
                        </th>
                        <td>{format.date(model.publishedAtMs, shop.timeZone)}</td>
                        <td class="number" data-column="ndcg10">
                          <strong>{format.figure(evaluation.model.ndcg10.value)}</strong>
                          <span class="hint block">{words.interval(format.figure(evaluation.model.ndcg10.low), format.figure(evaluation.model.ndcg10.high))}</span>
                        </td>
                        <td class="number">{format.figure(evaluation.popularity.ndcg10.value)}</td>
                        <td class="number">{format.figure(evaluation.itemKnn.ndcg10.value)}</td>
                        <td class="number">{evaluation.oracle ? format.figure(evaluation.oracle.ndcg10.value) : NO_FIGURE}</td>
                        <td class="number">{format.count(model.items)}</td>
                        <td class="number">{format.bytes(model.bytes)}</td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </div>
          </div>
        </>
      )}
    </section>
  );
}

/** The current model's NDCG@10 and its intervals on one scale with what it has to beat. */
function Comparison({ model, paused }: { model: ModelRecord; paused: boolean }) {
  const { texts, format } = useDashboard();
  const words = texts.models;
  const { evaluation } = model;
  const rows = (["model", "incumbent", "itemKnn", "popularity", "oracle"] as const)
    .flatMap((name): { name: typeof name; figure: Figure }[] => (evaluation[name] ? [{ name, figure: evaluation[name].ndcg10 }] : []));
  const end = Math.max(...rows.map(({ figure }) => figure.high)) * 1.04 || 1;
  const at = (value: number) => `${(value / end) * 100}%`;
  const ratio = evaluation.model.ndcg10.value / evaluation.popularity.ndcg10.value;
  return (
    <div class={paused ? "comparison off" : "comparison"}>
      <div class="comparison-head">
        <h3>{words.version(format.count(model.version))}</h3>
        {Number.isFinite(ratio) && <p>{words.better(format.ratio(ratio))}</p>}
        <Definition id="ndcg" title={words.ndcg} label={words.ndcg} body={words.ndcgDefinition} />
      </div>
      <dl>
        {rows.map(({ name, figure }) => (
          <div key={name} class={`comparison-row row-${name}`}>
            <dt>{words.rows[name]}<span class="hint block">{words.rowHints[name]}</span></dt>
            <dd>
              <span class="track" aria-hidden="true">
                <span class="whisker" style={{ left: at(figure.low), width: at(figure.high - figure.low) }} />
                <span class="centre" style={{ left: at(figure.value) }} />
              </span>
              <span class="comparison-figure">{format.figure(figure.value)}<span class="hint block">{words.interval(format.figure(figure.low), format.figure(figure.high))}</span></span>
            </dd>
          </div>
        ))}
      </dl>
      <p class="hint">{words.scale(format.count(evaluation.cases))}</p>
    </div>
  );
}

function Brake({ paused }: { paused: boolean }) {
  const { store, texts } = useDashboard();
  const words = texts.models;
  const dialog = useRef<HTMLDialogElement>(null);
  const [busy, setBusy] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const set = async (next: boolean) => {
    dialog.current?.close();
    setBusy(true);
    setFailure(await store.setPaused(next));
    setBusy(false);
  };
  return (
    <div class="brake">
      {paused
        ? <button type="button" class="button primary" disabled={busy} onClick={() => void set(false)}>{words.resume}</button>
        : <button type="button" class="button" disabled={busy} onClick={() => dialog.current?.showModal()}>{words.pause}</button>}
      {failure && <p class="fault" role="alert">{"message" in failure ? words.failed(failure.message) : words.unreachable}</p>}
      <dialog ref={dialog} aria-labelledby="pause-title" aria-describedby="pause-body">
        <h3 id="pause-title">{words.confirm.title}</h3>
        <p id="pause-body">{words.confirm.body}</p>
        <div class="dialog-buttons">
          <button type="button" class="button" onClick={() => dialog.current?.close()}>{words.confirm.no}</button>
          <button type="button" class="button primary" onClick={() => void set(true)}>{words.confirm.yes}</button>
        </div>
      </dialog>
    </div>
  );
}
