import { leftIn, spokenAt, waitBeforeTry } from "./countdown";
import { pause } from "./pause";
import { ServerClock } from "./server-clock";

/** Everybody waits for the same moment: within so long after it, each asks at a moment of its own. */
const SPREAD_MS = 3_000;

/** Counts down to the sale's opening, and then shows the page as it is from there on, in its place. */
export async function awaitOpening(): Promise<void> {
  for (let opening = document.getElementById("opening"); opening !== null; opening = document.getElementById("opening")) {
    await countDown(opening);
    await pause(Math.random() * SPREAD_MS);
    for (let tries = 0; !(await renew(opening)); tries += 1) {
      await pause(waitBeforeTry(tries, Math.random()));
    }
  }
}

async function countDown({ dataset }: HTMLElement): Promise<void> {
  const language = document.documentElement.lang;
  const opensAt = Date.parse(dataset["opensAt"] ?? "");
  const clock = new ServerClock(dataset["availability"] ?? "");
  await clock.set();
  // While a device sleeps the page's own clock may stand still.
  const look = () => void (document.hidden || clock.set());
  document.addEventListener("visibilitychange", look);
  for (let left = opensAt - clock.now(), before = left; left > 0; left = opensAt - clock.now()) {
    show("opening-left", leftIn(left, language));
    const spoken = spokenAt(before, left, language);
    if (spoken !== null) {
      show("opening-said", (dataset["soon"] ?? "").replace("{left}", spoken));
    }
    before = left;
    await pause((left % 1_000) + 10);
  }
  document.removeEventListener("visibilitychange", look);
  show("opening-left", leftIn(0, language));
}

/** Put the tickets there as they are now; false: the sale that was waited for has not opened, or nobody answers. */
async function renew(opening: HTMLElement): Promise<boolean> {
  const fresh = await read();
  const tickets = fresh?.getElementById("tickets");
  const shown = document.getElementById("tickets");
  if (!fresh || !tickets || !shown || tickets.querySelector<HTMLElement>("#opening")?.dataset["opensAt"] === opening.dataset["opensAt"]) {
    return false;
  }
  const bar = fresh.querySelector(".buy-bar");
  if (!tickets.querySelector("#opening")) {
    tickets.querySelector("h2")?.after(opened(opening));
  }
  shown.replaceWith(document.importNode(tickets, true));
  if (bar !== null) {
    document.querySelector(".event-body")?.before(document.importNode(bar, true));
  }
  return true;
}

/** The same box, so that what stands below it stays where it is: somebody is about to touch it. */
function opened(opening: HTMLElement): HTMLElement {
  const { offsetHeight, dataset } = opening;
  const box = document.createElement("p");
  box.className = "notice good";
  box.style.minHeight = `${offsetHeight}px`;
  box.textContent = dataset["opened"] ?? "";
  show("opening-said", box.textContent);
  return box;
}

async function read(): Promise<Document | null> {
  try {
    const answer = await fetch(location.pathname, { credentials: "omit", headers: { accept: "text/html" } });
    return answer.ok ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
  } catch {
    return null;
  }
}

function show(id: string, text: string): void {
  const element = document.getElementById(id);
  if (element !== null) {
    element.textContent = text;
  }
}
