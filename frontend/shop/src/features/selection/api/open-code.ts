import type { OfferPrice, Offering } from "../../../event";
import { send, type Course } from "../../../transport/send";
import { askQuote } from "./ask-quote";

/** What the event offers to somebody who has this code, with the prices of what it opens. */
export async function openCode(event: Offering, code: string, course: Course): Promise<Offering> {
  const path = `/api/shop/events/${event.event_id}?code=${encodeURIComponent(code)}`;
  const opened = await send<Omit<Offering, "prices">>({ method: "GET", path }, course);
  const known = new Set(event.ticket_types.map((one) => one.ticket_type_id));
  const lines = opened.ticket_types
    .filter((type) => !known.has(type.ticket_type_id))
    .flatMap((type) => event.performances.map((one) => ({ ...one, ...type, quantity: 1, seats: [] })))
    .map(({ performance_id, ticket_type_id, quantity, seats }) => ({ performance_id, ticket_type_id, quantity, seats }));
  const { ticket_types, sectors, questions } = opened;
  return { ...event, ticket_types, sectors, questions, prices: [...event.prices, ...(await pricesOf(event.event_id, lines, code, course))] };
}

async function pricesOf(eventId: string, lines: Parameters<typeof askQuote>[1], code: string, course: Course): Promise<OfferPrice[]> {
  if (lines.length === 0) {
    return [];
  }
  const quote = await askQuote(eventId, lines, code, course);
  return quote.lines.map(({ performance_id, ticket_type_id, total }) => ({ performance_id, ticket_type_id, final: total }));
}
