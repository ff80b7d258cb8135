import { send, type Course } from "../../../transport/send";
import type { OrderBody, PlacedOrder } from "../../../transport/wire";

/** Places the order and starts its payment. The same id with the same body again is the same order. */
export function putOrder(orderId: string, body: OrderBody, course: Course): Promise<PlacedOrder> {
  return send<PlacedOrder>({ method: "PUT", path: `/api/shop/orders/${orderId}`, body }, course);
}
