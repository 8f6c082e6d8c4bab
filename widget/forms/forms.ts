/** The forms chunk: tells of forms that were begun and not sent, by the names of their fields, never by what is in them. */
import type { Bridge } from "../bridge.ts";
import { elementPath, isGiven } from "../trouble/element.ts";

/** Fields that are nobody's business make their whole form so. */
const SECRET = 'input[type=password],[autocomplete^="cc-"],[autocomplete*=password],[autocomplete=one-time-code],' + ["card", "cvc", "cvv", "iban", "expiry", "payment", "passw", "pin-", "security-code"].map((word) => `input[name*="${word}" i],input[id*="${word}" i]`).join();
const FIELD = "input:not([type=hidden],[type=submit],[type=button],[type=image],[type=reset]),select,textarea";
/** A search is looked for again, not abandoned. */
const SEARCH = "input[type=search],[role=search] *";
const MAX_FIELDS = 50;

interface Begun {
  /** In the order in which they were first touched. */
  fields: Set<string>;
  last: string;
}

export interface Forms {
  /** The page is left, or another one begins: what was begun and not sent is told. */
  leave(): void;
}

export function watchForms({ recorder, faults }: Pick<Bridge, "recorder" | "faults">): Forms {
  let begun = new Map<HTMLFormElement, Begun>();

  // Autofill changes fields too, though nobody types.
  const touch = faults.guard("forms", (event: Event) => {
    const field = event.composedPath()[0] as HTMLInputElement;
    const { form } = field;
    if (!form || !field.matches?.(FIELD) || field.matches(SEARCH) || form.querySelector(SECRET) || [...form.elements].some((element) => element.matches(SECRET))) return;
    const name = nameOf(field);
    const touched = begun.get(form) ?? { fields: new Set(), last: name };
    if (touched.fields.size < MAX_FIELDS) touched.fields.add(name);
    touched.last = name;
    begun.set(form, touched);
  });
  const send = faults.guard("forms", (event: Event) => void begun.delete(event.composedPath()[0] as HTMLFormElement));
  for (const type of ["input", "change"]) addEventListener(type, touch, { capture: true });
  addEventListener("submit", send, { capture: true });
  // Shops' scripts take forms with a listener of their own, or send them without any event; then their page is left by `formdata`.
  addEventListener("formdata", send, { capture: true });

  return {
    leave: faults.guard("forms", () => {
      for (const [form, { fields, last }] of begun) faults.watch("forms", recorder.record("form_abandon", { form: elementPath(form), field: last, fields: [...fields] }, []));
      begun = new Map();
    }) as () => void,
  };
}

/** What its makers call a field; what a machine or a person may have called it is left out. */
function nameOf(field: HTMLInputElement): string {
  const parts = [field.name, field.id, field.autocomplete].map((name) => name?.match(/[A-Za-z]+/g)?.join("-") ?? "");
  return parts.find(isGiven) ?? field.type;
}
