import { send, type Course } from "../../../transport/send";
import type { NextAction } from "../../../transport/wire";

/** Where to pay an order that is open: the attempt under way, or a new one after a failed one. */
export function payOrder(orderId: string, secret: string, optionId: string | null, course: Course): Promise<NextAction> {
  const option = optionId === null ? "" : `?payment_option_id=${optionId}`;
  return send<NextAction>({ method: "POST", path: `/api/shop/orders/${orderId}/payments${option}`, secret }, course);
}
