/** Under which name the purchase of an event is kept on the device. The order page clears it once the order is over. */
export function purchaseShelf(eventId: string): string {
  return `alltickets.purchase.${eventId}`;
}
