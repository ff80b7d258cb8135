import { purchaseShelf } from "../device/purchase-shelf";
import { clearShelf } from "../device/shelf";
import { listen, type News } from "./listening";

const PAUSES_MS = [1_000, 1_000, 2_000, 3_000, 5_000, 8_000, 15_000];
/** While news come by themselves the page is only looked at in case one was lost. */
const LIVE_PAUSE_MS = 30_000;
const FOLLOWED_MS_MAX = 60 * 60 * 1_000;

/** While a payment is under way the page is asked for again, at its news or else ever more slowly, and shows what has become of it. */
export function followOrder(): void {
  const order = document.getElementById("order");
  if (order === null) {
    return;
  }
  settle(order);
  if ("waiting" in order.dataset) {
    const news = listen(`${location.pathname}/news`, order.dataset["state"]);
    void follow(news, Date.now() + FOLLOWED_MS_MAX).finally(() => news.close());
  }
}

async function follow(news: News, until: number): Promise<void> {
  let isSeen = true;
  for (let look = 0; Date.now() < until; look += 1) {
    await news.wait(news.isLive() && isSeen ? LIVE_PAUSE_MS : (PAUSES_MS[Math.min(look, PAUSES_MS.length - 1)] ?? 0));
    const fresh = await read();
    isSeen = fresh !== null;
    const shown = document.getElementById("order");
    if (fresh === null || shown === null || fresh.dataset["standing"] === shown.dataset["standing"]) {
      continue;
    }
    if (fresh.querySelector("#card-form") !== null) {
      // Its script, and its leave to reach the gateway, come with the page alone.
      location.reload();
      return;
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
