/** The faces without figures: signing in by a link's one-time token, and a link to somebody else's shop. */
import { SHOP_ID_PATTERN } from "../../../core/ids.ts";
import { useDashboard } from "../context.ts";
import type { Stage } from "../store.ts";
import { Mark } from "./mark.tsx";
import { TroubleBar } from "./trouble.tsx";

const SHOP_ID = new RegExp(SHOP_ID_PATTERN);

export function SignIn({ stage }: { stage: Extract<Stage, { name: "signed-out" }> }) {
  const { store, texts } = useDashboard();
  const words = texts.signIn;
  const asked = new URLSearchParams(location.search).get("shop");
  // A command to copy must not carry what somebody wrote into a link.
  const shop = asked !== null && SHOP_ID.test(asked) ? asked : "<name>";
  return (
    <main class="cover">
      <div class="cover-card">
        <Mark />
        <h1>{texts.product}</h1>
        {stage.token !== null ? (
          <>
            <p>{words.ready}</p>
            <button type="button" class="button primary wide" disabled={stage.signingIn} onClick={() => void store.signIn()}>
              {stage.signingIn ? words.busy : words.button(asked ?? location.host)}
            </button>
            <TroubleBar />
          </>
        ) : (
          <>
            <p class="cover-state" role="status">{stage.why.kind === "refused" ? words.refused(stage.why.message) : words.why[stage.why.kind]}</p>
            <p>{words.next}</p>
            <p class="hint">{code(words.how)}</p>
            <pre class="snippet" tabIndex={0}>{`npm run login -- --shop ${shop}`}</pre>
          </>
        )}
      </div>
    </main>
  );
}

export function OtherShop({ stage }: { stage: Extract<Stage, { name: "other-shop" }> }) {
  const { store, texts } = useDashboard();
  const { asked, session } = stage;
  return (
    <main class="cover">
      <div class="cover-card">
        <Mark />
        <h1>{texts.otherShop.title}</h1>
        <p>{texts.otherShop.body(asked, session.name)}</p>
        <button type="button" class="button primary wide" onClick={store.showOwnShop}>{texts.otherShop.own(session.name)}</button>
      </div>
    </main>
  );
}

/** Sets what stands between backticks in code type. */
function code(text: string) {
  return text.split("`").map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part));
}
