import { keptLanguage } from "../device/kept-language";

/** The page of an order that was not opened yet: hand over the secret of the link's fragment, and show the order. */
export function openClosed(): void {
  keepFragment();
  const closed = document.getElementById("closed");
  const secret = location.hash.slice(1);
  const path = closed?.dataset["path"];
  if (closed === null || secret === "" || path === undefined) {
    return;
  }
  // A gateway sends everybody back to the page without a language in front.
  const prefix = keptLanguage();
  if (prefix !== "" && path.startsWith("/o/")) {
    location.replace(prefix + path + location.search + location.hash);
    return;
  }
  show("opening", true);
  show("by-hand", false);
  void open(path, secret);
}

async function open(path: string, secret: string): Promise<void> {
  const body = new URLSearchParams({ secret });
  try {
    const answer = await fetch(path, { method: "POST", body, redirect: "manual" });
    // The redirect that answers a good secret is not followed: its cookie is what counts.
    if (answer.type === "opaqueredirect") {
      location.reload();
      return;
    }
    show("wrong", true);
  } catch {
    addEventListener("online", () => location.reload(), { once: true });
  }
  show("opening", false);
  show("by-hand", true);
}

/** The links to the other languages lead to the same order: they need the secret too. */
function keepFragment(): void {
  if (location.hash !== "") {
    for (const link of document.querySelectorAll<HTMLAnchorElement>("a[hreflang]")) {
      link.href += location.hash;
    }
  }
}

function show(id: string, isShown: boolean): void {
  const element = document.getElementById(id);
  if (element !== null) {
    element.hidden = !isShown;
  }
}
