/** What the server tells of an order by itself. It only says when to look: without it, the page looks by the clock. */
export interface News {
  /** Whether news would come now. */
  isLive(): boolean;
  /** Waits so long, or until there are news. */
  wait(ms: number): Promise<void>;
  close(): void;
}

/** Listens at an address of server-sent events. `known` is what the page shows already. */
export function listen(address: string, known: string | undefined): News {
  const source = new EventSource(address);
  let told = known;
  let isLive = false;
  let isDue = false;
  let wake: (() => void) | undefined;

  const ring = () => {
    isDue = true;
    wake?.();
  };
  source.onmessage = ({ data }: MessageEvent<string>) => {
    // Not before something has arrived: a proxy that holds everything back looks like an open connection.
    isLive = true;
    if (data !== told) {
      told = data;
      ring();
    }
  };
  source.onerror = () => {
    if (isLive) {
      isLive = false;
      ring();
    }
  };

  return {
    isLive: () => isLive,
    close: () => source.close(),
    async wait(ms) {
      if (!isDue) {
        await new Promise<void>((resolve) => {
          wake = resolve;
          void untilSeen(ms).then(resolve);
        });
      }
      isDue = false;
    },
  };
}

/** Waits; a page that nobody looks at waits until somebody does. */
function untilSeen(ms: number): Promise<void> {
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
