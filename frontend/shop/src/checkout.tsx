import { render } from "preact";
import "./checkout.css";
import { CheckoutPage } from "./checkout/checkout-page";
import { Purchase } from "./checkout/purchase";
import { SERVICES } from "./checkout/services";
import { stepInHistory } from "./checkout/use-step-in-history";
import type { ShopEvent } from "./event";
import { selectionFromQuery } from "./features/selection/selection";
import { keepLanguage } from "./device/kept-language";
import { Words } from "./language/words";

/** The island of the checkout page: what the server knows stands in the page as JSON. */
function start(): void {
  const root = document.getElementById("checkout");
  const data = document.getElementById("checkout-data");
  if (root === null || data === null) {
    return;
  }
  const event = JSON.parse(data.textContent ?? "null") as ShopEvent;
  const words = new Words(document.documentElement.lang, event.timezone);
  const purchase = new Purchase(event, SERVICES, selectionFromQuery(event, location.search));
  // What the address asked for is taken up once: after a reload counts what was chosen since.
  history.replaceState(history.state, "", location.pathname);
  purchase.goTo(stepInHistory());
  keepLanguage(event.language_prefix);
  root.replaceChildren();
  render(<CheckoutPage words={words} event={event} purchase={purchase} />, root);
  void purchase.start();
}

start();
