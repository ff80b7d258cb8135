import type { Money, Quote } from "../../transport/wire";

/** What a quote's total is made of, as the buyer reads it: `price + charge` is the total, taxes are inside. */
export interface Breakdown {
  readonly price: Money;
  /** The service charge on top of the price; null where the organizer bears it or there is none. */
  readonly charge: Money | null;
  readonly taxes: readonly { readonly name: string; readonly basisPoints: number; readonly amount: Money }[];
  readonly total: Money;
}

export function breakdownOf(quote: Quote): Breakdown {
  const units = quote.lines.flatMap((line) => line.parts);
  const isAdded = units.some((part) => part.unit.charge_mode === "added" && part.unit.charge.minor > 0);
  const { total, charge } = quote.totals;
  return {
    price: isAdded ? { minor: total.minor - charge.minor, currency: total.currency } : total,
    charge: isAdded ? charge : null,
    taxes: taxesOf(quote),
    total,
  };
}

function taxesOf(quote: Quote): Breakdown["taxes"] {
  const sums = new Map<string, { name: string; basisPoints: number; amount: Money }>();
  for (const part of quote.lines.flatMap((line) => line.parts)) {
    for (const tax of part.unit.taxes) {
      const key = `${tax.name} ${tax.basis_points}`;
      const before = sums.get(key)?.amount.minor ?? 0;
      const amount = { minor: before + tax.amount.minor * part.quantity, currency: tax.amount.currency };
      sums.set(key, { name: tax.name, basisPoints: tax.basis_points, amount });
    }
  }
  return [...sums.values()].filter((tax) => tax.amount.minor > 0);
}
