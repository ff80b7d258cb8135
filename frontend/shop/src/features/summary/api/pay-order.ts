import { send, type Course } from "../../../transport/send";
import type { NextAction } from "../../../transport/wire";

/** Where to pay an order that is open: the attempt under way, or a new one after a failed one. */
export function payOrder(orderId: string, secret: string, accountId: string | null, course: Course): Promise<NextAction> {
  const option = accountId === null ? "" : `?payment_account_id=${accountId}`;
  return send<NextAction>({ method: "POST", path: `/api/shop/orders/${orderId}/payments${option}`, secret }, course);
}
