/** Starts the dashboard: passes clock, network and page to the store and draws it. */
import { render } from "preact";
import { createApi } from "./api.ts";
import { App } from "./app.tsx";
import { DashboardContext } from "./context.ts";
import { createFormat, localeFor } from "./format.ts";
import { createStore } from "./store.ts";
import { english } from "./texts.ts";

const store = createStore({ api: createApi({ fetch: (input, init) => fetch(input, init) }), window, nowMs: Date.now });
const format = createFormat(localeFor(english.language, navigator.languages));
render(
  <DashboardContext.Provider value={{ store, texts: english, format }}>
    <App />
  </DashboardContext.Provider>,
  document.getElementById("app")!,
);
store.start();
