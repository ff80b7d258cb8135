import { isNumbered, ticketTypeOf, type Offering } from "../../event";
import type { Line, OfferLevel } from "../../transport/wire";

/** What is chosen: places by ticket type of one performance, and the seats of those that are numbered. */
export interface Selection {
  readonly performanceId: string;
  readonly quantities: Readonly<Record<string, number>>;
  readonly seats: Readonly<Record<string, readonly string[]>>;
}

/** Places in one purchase, as the server has it. */
export const PLACES_MAX = 100;

export function emptySelection(event: Offering): Selection {
  return { performanceId: event.performances[0]?.performance_id ?? "", quantities: {}, seats: {} };
}

/** The lines of a selection, in the order of the event's ticket types; seats count as places. */
export function linesOf(event: Offering, selection: Selection): Line[] {
  return event.ticket_types.flatMap((type) => {
    const seats = isNumbered(event, type) ? (selection.seats[type.ticket_type_id] ?? []) : [];
    const quantity = isNumbered(event, type) ? seats.length : (selection.quantities[type.ticket_type_id] ?? 0);
    return quantity > 0
      ? [{ performance_id: selection.performanceId, ticket_type_id: type.ticket_type_id, quantity, seats: [...seats] }]
      : [];
  });
}

/** The selection that these lines are of. Lines of several performances: the first counts. */
export function selectionOf(lines: readonly Line[]): Selection {
  const performanceId = lines[0]?.performance_id ?? "";
  const own = lines.filter((line) => line.performance_id === performanceId);
  return {
    performanceId,
    quantities: Object.fromEntries(own.map((line) => [line.ticket_type_id, line.quantity])),
    seats: Object.fromEntries(own.filter((line) => line.seats.length > 0).map((line) => [line.ticket_type_id, line.seats])),
  };
}

export function placesIn(lines: readonly Line[]): number {
  return lines.reduce((sum, line) => sum + line.quantity, 0);
}

/** The most that one purchase may have of a ticket type now: by its limit, by what is left, by the whole. */
export function most(event: Offering, selection: Selection, ticketTypeId: string, levels: readonly OfferLevel[]): number {
  const limit = ticketTypeOf(event, ticketTypeId)?.per_order_max ?? PLACES_MAX;
  const others = placesIn(linesOf(event, selection)) - (selection.quantities[ticketTypeId] ?? 0);
  const level = levelOf(levels, selection.performanceId, ticketTypeId);
  return Math.max(0, Math.min(limit, level?.left ?? limit, PLACES_MAX - others));
}

export function levelOf(levels: readonly OfferLevel[], performanceId: string, ticketTypeId: string): OfferLevel | undefined {
  return levels.find((one) => one.performance_id === performanceId && one.ticket_type_id === ticketTypeId);
}

/** What the address of the page asks for: `?performance=…&t.<ticket type>=2`, as the event page's form sends it. */
export function selectionFromQuery(event: Offering, query: string): Selection | null {
  const asked = new URLSearchParams(query);
  const performanceId = asked.get("performance") ?? event.performances[0]?.performance_id ?? "";
  if (!event.performances.some((one) => one.performance_id === performanceId)) {
    return null;
  }
  const quantities: Record<string, number> = {};
  for (const type of event.ticket_types) {
    const quantity = Number(asked.get(`t.${type.ticket_type_id}`));
    if (Number.isInteger(quantity) && quantity > 0 && !isNumbered(event, type)) {
      quantities[type.ticket_type_id] = Math.min(quantity, type.per_order_max ?? PLACES_MAX);
    }
  }
  return Object.keys(quantities).length > 0 || asked.has("performance") ? { performanceId, quantities, seats: {} } : null;
}
