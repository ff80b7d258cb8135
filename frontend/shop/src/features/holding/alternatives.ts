import { isNumbered, priceOf, ticketTypeOf, type Offering } from "../../event";
import type { Line, OfferLevel } from "../../transport/wire";

/** Something else that can be had in the place of what cannot. `kind`: how it differs from what was wished. */
export interface Alternative {
  readonly kind: "same" | "fewer" | "other_type" | "other_performance";
  readonly lines: readonly Line[];
}

const OFFERED_MAX = 3;

/**
 * What comes nearest to the wish, the nearest first: the same again if it is free, fewer of the same, another ticket type of that
 * performance with the price closest to it, the same at another performance. Seats are not chosen for anybody: numbered types are left out.
 */
export function alternativesTo(event: Offering, wish: readonly Line[], levels: readonly OfferLevel[]): Alternative[] {
  const left = (line: Line) => leftOf(levels, line.performance_id, line.ticket_type_id);
  const lacking = wish.filter((line) => left(line) < line.quantity);
  const [short] = lacking;
  if (short === undefined) {
    return [{ kind: "same", lines: wish }];
  }
  const found: Alternative[] = [];
  const fewer = wish
    .filter((line) => line.seats.length === 0 || left(line) >= line.quantity)
    .map((line) => ({ ...line, quantity: Math.min(line.quantity, left(line)) }))
    .filter((line) => line.quantity > 0);
  if (fewer.length > 0) {
    found.push({ kind: "fewer", lines: fewer });
  }
  if (lacking.length === 1) {
    const others = [...otherTypes(event, short, levels), ...otherPerformances(event, short, levels)];
    found.push(...others.map(({ kind, line }) => ({ kind, lines: replaced(wish, short, line) })).filter(isOnePerformance));
  }
  return found.slice(0, OFFERED_MAX);
}

interface Replacement {
  readonly kind: "other_type" | "other_performance";
  readonly line: Line;
}

function otherTypes(event: Offering, short: Line, levels: readonly OfferLevel[]): Replacement[] {
  const price = priceOf(event, short.performance_id, short.ticket_type_id)?.minor ?? 0;
  const distance = (id: string) => Math.abs((priceOf(event, short.performance_id, id)?.minor ?? 0) - price);
  return event.ticket_types
    .filter((type) => type.ticket_type_id !== short.ticket_type_id && !isNumbered(event, type))
    .filter((type) => leftOf(levels, short.performance_id, type.ticket_type_id) >= short.quantity)
    .sort((one, other) => distance(one.ticket_type_id) - distance(other.ticket_type_id))
    .slice(0, 1)
    .map((type) => ({ kind: "other_type", line: { ...short, ticket_type_id: type.ticket_type_id, seats: [] } }));
}

function otherPerformances(event: Offering, short: Line, levels: readonly OfferLevel[]): Replacement[] {
  const type = ticketTypeOf(event, short.ticket_type_id);
  if (type === undefined || isNumbered(event, type)) {
    return [];
  }
  const at = event.performances.findIndex((one) => one.performance_id === short.performance_id);
  return event.performances
    .map((performance, index) => ({ id: performance.performance_id, distance: Math.abs(index - at) }))
    .filter(({ id }) => id !== short.performance_id && leftOf(levels, id, short.ticket_type_id) >= short.quantity)
    .sort((one, other) => one.distance - other.distance)
    .map(({ id }) => ({ kind: "other_performance", line: { ...short, performance_id: id } }));
}

function replaced(wish: readonly Line[], short: Line, line: Line): Line[] {
  const same = wish.find((one) => one !== short && one.performance_id === line.performance_id && one.ticket_type_id === line.ticket_type_id);
  return wish.flatMap((one) => {
    if (one === same) {
      return [{ ...one, quantity: one.quantity + line.quantity }];
    }
    return one === short ? (same === undefined ? [line] : []) : [one];
  });
}

function isOnePerformance(alternative: Alternative): boolean {
  return new Set(alternative.lines.map((line) => line.performance_id)).size === 1;
}

function leftOf(levels: readonly OfferLevel[], performanceId: string, ticketTypeId: string): number {
  return levels.find((one) => one.performance_id === performanceId && one.ticket_type_id === ticketTypeId)?.left ?? 0;
}
