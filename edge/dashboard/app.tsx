/** The page: which of its faces is shown, and in which order the panels stand. */
import { useEffect } from "preact/hooks";
import { useDashboard } from "./context.ts";
import { ChartPanel } from "./panels/chart.tsx";
import { FirstSteps } from "./panels/first-steps.tsx";
import { FunnelPanel } from "./panels/funnel.tsx";
import { Header } from "./panels/header.tsx";
import { Headline } from "./panels/headline.tsx";
import { HealthPanel } from "./panels/health.tsx";
import { ModelsPanel } from "./panels/models.tsx";
import { PlacementsPanel } from "./panels/placements.tsx";
import { OtherShop, SignIn } from "./panels/sign-in.tsx";
import { Tiles } from "./panels/tiles.tsx";
import { TroubleBar } from "./panels/trouble.tsx";

export function App() {
  const { store, texts } = useDashboard();
  const stage = store.stage.value;
  const name = "session" in stage ? stage.session.name : null;
  useEffect(() => {
    document.title = name === null ? texts.product : texts.documentTitle(name);
  }, [name]);
  switch (stage.name) {
    case "starting": return <main class="cover" aria-busy={!store.trouble.value}><TroubleBar /></main>;
    case "signed-out": return <SignIn stage={stage} />;
    case "other-shop": return <OtherShop stage={stage} />;
    case "signed-in": return <SignedIn />;
  }
}

function SignedIn() {
  const { store, texts } = useDashboard();
  const noEvents = store.stats.value?.newestEventAtMs === null;
  return (
    <>
      <a class="skip" href="#figures">{texts.skipToFigures}</a>
      <Header />
      <TroubleBar />
      <main id="figures" tabIndex={-1}>
        {noEvents ? <FirstSteps /> : (
          <>
            <Headline />
            <Tiles />
            <ChartPanel />
            <PlacementsPanel />
            <FunnelPanel />
            <HealthPanel />
          </>
        )}
        <ModelsPanel />
      </main>
    </>
  );
}
