import { send, type Course } from "../../../transport/send";
import type { HeldPlaces, Line } from "../../../transport/wire";

export interface HoldBody {
  readonly event_id: string;
  readonly visitor_id: string;
  readonly lines: readonly Line[];
  readonly code: string | null;
  readonly campaign: string | null;
}

/** Keeps the places, all or none. The same id again is the same hold. */
export function putHold(holdId: string, body: HoldBody, course: Course): Promise<HeldPlaces> {
  return send<HeldPlaces>({ method: "PUT", path: `/api/shop/holds/${holdId}`, body }, course);
}
