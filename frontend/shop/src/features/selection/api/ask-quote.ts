import { send, type Course } from "../../../transport/send";
import type { Line, Quote } from "../../../transport/wire";

/** What the lines cost now. Nothing is reserved by asking. */
export function askQuote(eventId: string, lines: readonly Line[], code: string, course: Course): Promise<Quote> {
  return send<Quote>({ method: "POST", path: "/api/shop/quotes", body: { event_id: eventId, lines, code: code || null } }, course);
}
