import { send, type Course } from "../../../transport/send";
import type { ShownOrder } from "../../../transport/wire";

export function readOrder(orderId: string, secret: string, course: Course): Promise<ShownOrder> {
  return send<ShownOrder>({ method: "GET", path: `/api/shop/orders/${orderId}`, secret }, course);
}
