/** First and last number of eight digits. */
export type Range = readonly [first: number, last: number];

const KNOWN_DIGITS = 6;
const RANGE_DIGITS = 8;

/** The first digits of a number, or nothing while there are fewer. Six, which is what every gateway confirms. */
export function beginningOf(number: string): string {
  const digits = number.replace(/\D/g, "").slice(0, KNOWN_DIGITS);
  return digits.length < KNOWN_DIGITS ? "" : digits;
}

/** Whether every card that begins as this number does is in one of the ranges. */
export function holds(ranges: readonly Range[], number: string): boolean {
  const digits = beginningOf(number);
  const [first, last] = [Number(digits.padEnd(RANGE_DIGITS, "0")), Number(digits.padEnd(RANGE_DIGITS, "9"))];
  return digits !== "" && ranges.some(([from, to]) => from <= first && last <= to);
}

/** Ranges as the page writes them. */
export function rangesOf(text: string | undefined): Range[] {
  return wordsOf(text).map((range) => range.split("-").map(Number) as unknown as Range);
}

/** Words that blanks separate. */
export function wordsOf(text: string | undefined): string[] {
  return (text ?? "").split(" ").filter((word) => word !== "");
}
