/** The seconds at which the remaining time is said aloud, from the first to the last. */
const SPOKEN_SECONDS = [300, 120, 60, 30, 0];

/** By how much the server's clock is ahead of the device's: what it says `now` is, against when that was heard. */
export function clockOffsetMs(serverNow: string, deviceNowMs: number): number {
  return Date.parse(serverNow) - deviceNowMs;
}

export function secondsLeft(expiresAt: string, offsetMs: number, deviceNowMs: number): number {
  return Math.max(0, Math.ceil((Date.parse(expiresAt) - (deviceNowMs + offsetMs)) / 1_000));
}

/** `7:42`, and `47:07:42` where there are hours. */
export function clockFace(seconds: number): string {
  const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60];
  const [first, ...rest] = hours > 0 ? [hours, minutes, seconds % 60] : [minutes, seconds % 60];
  return [first, ...rest.map((part) => String(part).padStart(2, "0"))].join(":");
}

/** The mark that was passed last, or null while more is left than at the first: a change of it is worth a word. */
export function spokenMark(seconds: number): number | null {
  return SPOKEN_SECONDS.findLast((mark) => seconds <= mark) ?? null;
}
