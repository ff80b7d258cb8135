import { holds, rangesOf, wordsOf, type Range } from "./ranges";

/** What so many instalments cost, as the page says it. */
export interface Plan {
  readonly count: string;
  /** Kinds of card by the gateway's names; none: any. */
  readonly methods: readonly string[];
  /** Beginnings of cards; none: any. */
  readonly ranges: readonly Range[];
  /** The total, interest included, in minor units: what the buyer is told. */
  readonly told: string;
  /** So many of so much. */
  readonly label: string;
}

/** The plan of each number of instalments for a card, by that number: of several the page's first. */
export function plansOf<P extends Plan>(plans: readonly P[], number: string, method: string): Map<string, P> {
  const found = new Map<string, P>();
  for (const one of plans) {
    const isOfKind = one.methods.length === 0 || one.methods.includes(method);
    if (isOfKind && !found.has(one.count) && (one.ranges.length === 0 || holds(one.ranges, number))) {
      found.set(one.count, one);
    }
  }
  return found;
}

export interface ShownPlan extends Plan {
  readonly line: HTMLElement;
}

/** The plans on the page. */
export function shownPlans(form: HTMLElement): ShownPlan[] {
  return [...form.querySelectorAll<HTMLElement>("#card-plans [data-count]")].map((line) => ({
    count: line.dataset["count"] ?? "",
    methods: wordsOf(line.dataset["methods"]),
    ranges: rangesOf(line.dataset["ranges"]),
    told: line.dataset["told"] ?? "",
    label: line.dataset["label"] ?? "",
    line,
  }));
}
