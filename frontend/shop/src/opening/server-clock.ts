import { waitBeforeTry } from "./countdown";
import { pause } from "./pause";

/** The server's time. What the device believes the time to be is never asked: it may be wrong by hours. */
export class ServerClock {
  /** What the server's clock said when the page's own, which nobody can set, stood at 0. */
  #origin = 0;

  constructor(private readonly address: string) {}

  /** Milliseconds since 1970. Never ahead of the server's clock: what was under way or kept for a second is late, not early. */
  now(): number {
    return this.#origin + performance.now();
  }

  /** Ask the server, until it answers. */
  async set(): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        const answer = await fetch(this.address, { credentials: "omit" });
        if (answer.ok) {
          const { now } = (await answer.json()) as { now: string };
          this.#origin = Date.parse(now) - performance.now();
          return;
        }
      } catch {
        // No network, or half an answer: as any other that is none.
      }
      await pause(waitBeforeTry(tries, Math.random()));
    }
  }
}
