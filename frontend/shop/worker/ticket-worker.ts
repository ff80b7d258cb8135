/** Keeps the pages of tickets on the device, with what they are made of, for the door where there is no network. */
declare const self: ServiceWorkerGlobalScope;
export {};

const STORE = "alltickets-tickets-1";

interface Keep {
  readonly kind: "keep";
  readonly page: string;
  readonly parts: readonly string[];
}

self.addEventListener("install", () => void self.skipWaiting());

self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("message", (event) => {
  const wish = event.data as Keep;
  if (wish.kind === "keep") {
    event.waitUntil(keep(wish).then(() => event.source?.postMessage("kept")));
  }
});

self.addEventListener("fetch", (event) => {
  // Only tickets, and what their pages are made of: everything else is as without this script.
  const { pathname, origin } = new URL(event.request.url);
  if (event.request.method === "GET" && origin === self.location.origin) {
    if (/\/o\/[^/]+\/t\/[^/]+$/.test(pathname)) {
      event.respondWith(freshOrKept(event.request));
    } else if (pathname.startsWith("/assets/")) {
      event.respondWith(keptOrFresh(event.request));
    }
  }
});

async function keep({ page, parts }: Keep): Promise<void> {
  const store = await caches.open(STORE);
  await store.addAll([page, ...parts]);
}

/** The network first: a ticket may have been given a new code. */
async function freshOrKept(request: Request): Promise<Response> {
  const store = await caches.open(STORE);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(4_000) });
    if (answer.ok && !answer.redirected) {
      await store.put(request.url, answer.clone());
    }
    return answer;
  } catch {
    return (await store.match(request.url)) ?? Response.error();
  }
}

/** Assets are named by their content: what is kept is right. */
async function keptOrFresh(request: Request): Promise<Response> {
  const store = await caches.open(STORE);
  return (await store.match(request)) ?? fetch(request);
}
