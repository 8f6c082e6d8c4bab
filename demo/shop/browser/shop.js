// What the shop's pages do with JavaScript: data layer pushes, forms without leaving the page, gallery, consent.
const page = JSON.parse(document.getElementById("page-data").textContent);

// Data layer

/** Pushes an event as GA4's documentation asks: the last `ecommerce` is cleared first. */
function push(event) {
  if (event.ecommerce) window.dataLayer.push({ ecommerce: null });
  window.dataLayer.push(event);
}

/** An order is told once, however often its thank-you page is loaded. */
function isToldOrder(event) {
  if (event.event !== "purchase") return false;
  const key = `shop-order-${event.ecommerce.transaction_id}`;
  try {
    if (localStorage.getItem(key)) return true;
    localStorage.setItem(key, "told");
  } catch { /* Storage is blocked: tell it. */ }
  return false;
}

for (const event of page.events) if (!isToldOrder(event)) push(event);

document.addEventListener("click", (click) => {
  const link = click.target.closest?.("[data-list] a[data-item]");
  if (!link) return;
  const listId = link.closest("[data-list]").dataset.list;
  const list = page.events.find(({ event, ecommerce }) => event === "view_item_list" && ecommerce.item_list_id === listId)?.ecommerce;
  const item = list?.items.find(({ item_id }) => item_id === link.dataset.item);
  if (item) push({ event: "select_item", ecommerce: { item_list_id: list.item_list_id, item_list_name: list.item_list_name, items: [item] } });
});

// Forms

document.addEventListener("submit", async (submit) => {
  const form = submit.target;
  if (!form.matches("[data-fetch]")) return;
  submit.preventDefault();
  const button = form.querySelector("button");
  if (button) button.disabled = true;
  try {
    const response = await fetch(form.action, { method: "POST", headers: { accept: "application/json" }, body: new URLSearchParams(new FormData(form)) });
    const outcome = await response.json();
    if (!outcome.ok) return form.submit();
    for (const event of outcome.events) push(event);
    showCount(outcome.cartCount);
    if (!form.action.includes("/cart/")) return location.assign(outcome.next);
    say(outcome.message);
    if (document.body.dataset.page === "cart") await refreshCart();
  } catch {
    form.submit();
  } finally {
    if (button) button.disabled = false;
  }
});

document.addEventListener("change", (change) => {
  if (change.target.matches("select[data-autosubmit], [data-autosubmit] select, [data-autosubmit] input[type=checkbox]")) change.target.form.requestSubmit();
});

/** Replaces the cart's lines, and nothing else of the page. */
async function refreshCart() {
  const response = await fetch("/cart");
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  document.querySelector("#main > .section").replaceWith(document.adoptNode(fresh.querySelector("#main > .section")));
}

function showCount(count) {
  for (const badge of document.querySelectorAll("[data-cart-count]")) {
    badge.textContent = String(count);
    badge.hidden = count === 0;
  }
}

let quiet;
function say(message) {
  const toast = document.querySelector("[data-toast]");
  toast.textContent = message;
  toast.classList.add("shown");
  clearTimeout(quiet);
  quiet = setTimeout(() => toast.classList.remove("shown"), 3500);
}

// Gallery

for (const button of document.querySelectorAll("[data-picture]")) {
  button.addEventListener("click", () => {
    document.querySelector("[data-large]").src = button.dataset.picture;
    for (const other of document.querySelectorAll("[data-picture]")) other.setAttribute("aria-pressed", String(other === button));
  });
}

// Consent

const banner = document.querySelector("[data-consent]");
banner.hidden = stored() !== null;
for (const button of document.querySelectorAll("[data-consent-choice]")) {
  button.addEventListener("click", () => {
    const choice = button.dataset.consentChoice;
    try {
      localStorage.setItem("shop-consent", choice);
    } catch { /* Storage is blocked: the choice holds for this page. */ }
    window.gtag("consent", "update", { analytics_storage: choice, personalization_storage: choice });
    banner.hidden = true;
  });
}
document.querySelector("[data-consent-open]").addEventListener("click", () => { banner.hidden = false; });
document.querySelector("[data-privacy]").addEventListener("click", () => { window.endcap?.privacy(); });

function stored() {
  try {
    return localStorage.getItem("shop-consent");
  } catch {
    return null;
  }
}
