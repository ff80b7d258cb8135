import { send, type Course } from "../../../transport/send";

export interface Seat {
  readonly label: string;
  readonly is_free: boolean;
}

export interface SeatRow {
  readonly label: string;
  readonly seats: readonly Seat[];
}

/** The rows of a numbered sector at a performance, at most a second or two old. */
export async function readSeats(eventId: string, performanceId: string, sectorId: string, course: Course): Promise<readonly SeatRow[]> {
  const path = `/api/shop/events/${eventId}/performances/${performanceId}/sectors/${sectorId}/seats`;
  return (await send<{ rows: SeatRow[] }>({ method: "GET", path }, course)).rows;
}
