/** What a shop without events sees: the tag, and three steps to the first figure. */
import { useDashboard } from "../context.ts";
import { TagSnippet } from "./tag-snippet.tsx";

export function FirstSteps() {
  const { store, texts } = useDashboard();
  const words = texts.empty;
  const shop = store.shop.value;
  return (
    <section class="panel first-steps" aria-labelledby="first-steps-title">
      <h2 id="first-steps-title">{words.title}</h2>
      <p class="lead">{words.body}</p>
      <TagSnippet />
      <ol>{words.steps.map((step) => <li key={step}>{step}</li>)}</ol>
      {shop && <p class="hint">{words.originsHint(shop.origins.join(", "))}</p>}
      <p class="waiting"><span class="live-dot" aria-hidden="true" />{words.waiting}</p>
    </section>
  );
}
