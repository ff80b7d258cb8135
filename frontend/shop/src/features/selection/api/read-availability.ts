import { send, type Course } from "../../../transport/send";
import type { OfferLevel } from "../../../transport/wire";

export async function readAvailability(eventId: string, course: Course): Promise<readonly OfferLevel[]> {
  const answer = await send<{ offers: OfferLevel[] }>({ method: "GET", path: `/api/shop/events/${eventId}/availability` }, course);
  return answer.offers;
}
