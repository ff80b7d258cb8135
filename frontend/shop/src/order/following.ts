import { purchaseShelf } from "../device/purchase-shelf";
import { clearShelf } from "../device/shelf";

const PAUSES_MS = [1_000, 1_000, 2_000, 3_000, 5_000, 8_000, 15_000];
const FOLLOWED_MS_MAX = 60 * 60 * 1_000;

/** While a payment is under way the page is asked for again, ever more slowly, and shows what has become of it. */
export function followOrder(): void {
  const order = document.getElementById("order");
  if (order === null) {
    return;
  }
  settle(order);
  if ("waiting" in order.dataset) {
    void follow(Date.now() + FOLLOWED_MS_MAX);
  }
}

async function follow(until: number): Promise<void> {
  for (let look = 0; Date.now() < until; look += 1) {
    await pause(PAUSES_MS[Math.min(look, PAUSES_MS.length - 1)] ?? 0);
    const fresh = await read();
    const shown = document.getElementById("order");
    if (fresh === null || shown === null || fresh.dataset["standing"] === shown.dataset["standing"]) {
      continue;
    }
    shown.replaceWith(fresh);
    settle(fresh);
    fresh.querySelector<HTMLElement>("h1")?.focus();
    if (!("waiting" in fresh.dataset)) {
      return;
    }
  }
}

async function read(): Promise<HTMLElement | null> {
  try {
    const answer = await fetch(location.pathname + location.search, { cache: "no-store", headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const order = page.getElementById("order");
    return order === null ? null : document.importNode(order, true);
  } catch {
    return null;
  }
}

/** What was typed for this order is no longer needed on the device once it is over. */
function settle(order: HTMLElement): void {
  const { standing, event } = order.dataset;
  if (event !== undefined && (standing === "paid" || standing === "cancelled" || standing === "refunded" || standing === "returning")) {
    clearShelf(purchaseShelf(event));
  }
}

/** Waits; a page that nobody looks at waits until somebody does. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(() => {
      if (document.visibilityState === "visible") {
        resolve();
      } else {
        document.addEventListener("visibilitychange", () => resolve(), { once: true });
      }
    }, ms);
  });
}
