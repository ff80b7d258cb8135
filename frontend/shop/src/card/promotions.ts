/** A promotion as the page shows it, in the order in which they count. */
export interface Promotion {
  readonly id: string;
  readonly name: string;
  /** First and last number of eight digits. */
  readonly ranges: readonly (readonly [first: number, last: number])[];
  /** Of card; none: any. */
  readonly kinds: readonly string[];
  readonly installments: readonly string[];
  /** What the button says with it. */
  readonly pay: string;
}

const KNOWN_DIGITS = 6;
const RANGE_DIGITS = 8;

/** Those for a card that begins so. Six digits are looked at, which is what every gateway confirms; the server decides, on the token's. */
export function promotionsOf(promotions: readonly Promotion[], number: string, kind: string): Promotion[] {
  const digits = number.replace(/\D/g, "").slice(0, KNOWN_DIGITS);
  if (digits.length < KNOWN_DIGITS) {
    return [];
  }
  const [first, last] = [Number(digits.padEnd(RANGE_DIGITS, "0")), Number(digits.padEnd(RANGE_DIGITS, "9"))];
  return promotions.filter(
    (one) => (one.kinds.length === 0 || one.kinds.includes(kind)) && one.ranges.some(([from, to]) => from <= first && last <= to),
  );
}

/** The promotions on the page. */
export function shownPromotions(form: HTMLElement): Promotion[] {
  return [...form.querySelectorAll<HTMLElement>("[data-promotion]")].map((one) => ({
    id: one.dataset["promotion"] ?? "",
    name: one.querySelector("strong")?.textContent ?? "",
    ranges: wordsOf(one.dataset["ranges"]).map((range) => range.split("-").map(Number) as unknown as [number, number]),
    kinds: wordsOf(one.dataset["kinds"]),
    installments: wordsOf(one.dataset["installments"]),
    pay: one.dataset["pay"] ?? "",
  }));
}

function wordsOf(text: string | undefined): string[] {
  return (text ?? "").split(" ").filter((word) => word !== "");
}
