/** The chunk of browsers without the Navigation API: what single-page shops do to the history instead. */

/** Calls back after each change of the page's address. */
export function start(onChange: () => void): void {
  for (const method of ["pushState", "replaceState"] as const) {
    const original = history[method];
    history[method] = function (...args) {
      original.apply(this, args);
      onChange();
    };
  }
  addEventListener("popstate", onChange);
}
