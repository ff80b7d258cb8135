const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The distances at which the opening is said aloud, from the first to the last. */
const SPOKEN: readonly (readonly [ms: number, amount: number, unit: "hour" | "minute"])[] = [
  [HOUR_MS, 1, "hour"],
  [10 * MINUTE_MS, 10, "minute"],
  [MINUTE_MS, 1, "minute"],
];

/** `2 días 03:04:05`; days only when there are any. A second that has begun counts. */
export function leftIn(ms: number, language: string): string {
  const left = Math.max(0, Math.ceil(ms / SECOND_MS)) * SECOND_MS;
  const clock = [Math.floor((left % DAY_MS) / HOUR_MS), Math.floor((left % HOUR_MS) / MINUTE_MS), Math.floor((left % MINUTE_MS) / SECOND_MS)]
    .map((part) => String(part).padStart(2, "0"))
    .join(":");
  const days = Math.floor(left / DAY_MS);
  if (days === 0) {
    return clock;
  }
  return `${new Intl.NumberFormat(language, { style: "unit", unit: "day", unitDisplay: "long" }).format(days)} ${clock}`;
}

/** What is said when `before` has become `now` (milliseconds left): `dentro de 10 minutos`; null: nothing. */
export function spokenAt(before: number, now: number, language: string): string | null {
  const passed = SPOKEN.findLast(([ms]) => now <= ms && ms < before);
  return passed === undefined ? null : new Intl.RelativeTimeFormat(language).format(passed[1], passed[2]);
}

/** How long after a try that found the sale still closed the next one is made. `chance`: from 0 to 1. */
export function waitBeforeTry(tries: number, chance: number): number {
  return Math.min(30 * SECOND_MS, 2 * SECOND_MS * 2 ** tries) * (0.75 + chance / 2);
}
