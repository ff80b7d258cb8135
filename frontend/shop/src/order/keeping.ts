/** The ticket's page opens without a network once it was opened with one, and the screen stays lit while it is shown. */
export function keepTicket(): void {
  const ticket = document.getElementById("ticket");
  if (ticket === null) {
    return;
  }
  void stayLit();
  void keep();
}

async function keep(): Promise<void> {
  if (!("serviceWorker" in navigator)) {
    return;
  }
  const folder = location.pathname.replace(/\/[^/]+\/t\/[^/]+$/, "/");
  try {
    await navigator.serviceWorker.register(`${folder}worker.js`, { scope: folder });
    const { active } = await navigator.serviceWorker.ready;
    navigator.serviceWorker.addEventListener("message", told);
    const parts = [...document.querySelectorAll<HTMLLinkElement>('link[rel="stylesheet"], link[rel="icon"]')].map((link) => link.href);
    const scripts = [...document.querySelectorAll<HTMLScriptElement>("script[src]")].map((script) => script.src);
    active?.postMessage({ kind: "keep", page: location.href.split("#")[0], parts: [...parts, ...scripts] });
  } catch {
    // It is shown now; only later, without a network, it is not.
  }
}

function told(event: MessageEvent): void {
  const note = document.getElementById("kept");
  if (note !== null && event.data === "kept") {
    note.hidden = false;
  }
}

async function stayLit(): Promise<void> {
  const light = async () => {
    try {
      await navigator.wakeLock?.request("screen");
    } catch {
      // The device saves its battery: the reader has to touch the screen.
    }
  };
  // The lock ends whenever the page is hidden.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") {
      void light();
    }
  });
  await light();
}
