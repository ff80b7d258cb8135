import { holds, rangesOf, wordsOf, type Range } from "./ranges";

/** A promotion as the page shows it, in the order in which they count. */
export interface Promotion {
  readonly id: string;
  readonly name: string;
  readonly ranges: readonly Range[];
  /** Of card; none: any. */
  readonly kinds: readonly string[];
  readonly installments: readonly string[];
  /** What the button says with it. */
  readonly pay: string;
}

/** Those for a card that begins so. The server decides, on the token's digits. */
export function promotionsOf(promotions: readonly Promotion[], number: string, kind: string): Promotion[] {
  return promotions.filter((one) => (one.kinds.length === 0 || one.kinds.includes(kind)) && holds(one.ranges, number));
}

/** The promotions on the page. */
export function shownPromotions(form: HTMLElement): Promotion[] {
  return [...form.querySelectorAll<HTMLElement>("[data-promotion]")].map((one) => ({
    id: one.dataset["promotion"] ?? "",
    name: one.querySelector("strong")?.textContent ?? "",
    ranges: rangesOf(one.dataset["ranges"]),
    kinds: wordsOf(one.dataset["kinds"]),
    installments: wordsOf(one.dataset["installments"]),
    pay: one.dataset["pay"] ?? "",
  }));
}
