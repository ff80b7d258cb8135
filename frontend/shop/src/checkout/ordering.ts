import { newId } from "../device/ids";
import { buyerOf, emptyHolder, holderOf, ticketTypesOfPlaces } from "../features/details/checks";
import { clockOffsetMs } from "../features/holding/countdown";
import { linesOf } from "../features/selection/selection";
import { optionsInstead } from "../features/summary/options-instead";
import { faultsOf, Problem } from "../transport/problem";
import type { OrderBody, PlacedOrder, ShownOrder } from "../transport/wire";
import type { Desk } from "./desk";
import type { Holding } from "./holding";

/** Refusals after which the order is certainly not there, and its data may be corrected. */
const WRITTEN_WRONG = new Set(["holders-invalid", "invalid-request", "unstorable-text"]);

/** The purchase's order: placed once, and paid. */
export class Ordering {
  constructor(
    private readonly desk: Desk,
    private readonly holding: Holding,
    private readonly takeUp: () => Promise<void>,
    private readonly startAnew: () => void,
  ) {}

  async pay(hasConsented: boolean): Promise<void> {
    if (!hasConsented) {
      this.desk.point([{ where: "consent", code: "consent" }]);
    } else if (this.desk.state.busy === null) {
      await this.place();
    }
  }

  /** Place the order, once among all tabs, and leave for the payment. */
  async place(): Promise<void> {
    this.desk.show({ busy: "ordering", faults: [], notice: null });
    try {
      const placed = await this.desk.services.alone(`alltickets.pay.${this.desk.event.event_id}`, () => this.send());
      if (placed === null) {
        await this.takeUp();
      } else {
        this.leaveFor(placed.next_action.kind === "redirect" ? placed.next_action.url : null, placed);
      }
    } catch (fault) {
      await this.refused(fault);
    }
  }

  /** The answer to the order; null when another tab has placed it meanwhile. */
  private async send(): Promise<PlacedOrder | null> {
    const kept = this.desk.kept();
    if (kept?.order?.secret && kept.hold?.holdId === this.desk.state.hold?.holdId) {
      return null;
    }
    const before = kept?.order ?? this.desk.state.order;
    const orderId = before?.orderId ?? newId(this.desk.now);
    const body = this.orderBody() ?? before?.body;
    if (body === undefined) {
      throw new Problem("hold-gone", 409, {}, null);
    }
    // While its fate is unknown, what was sent first is what counts: with other data the server would know this id for another order.
    this.desk.keep({ order: { orderId, body: before?.body ?? body, secret: null, number: "" } });
    return this.sendOnce(orderId, body, before?.body);
  }

  private async sendOnce(orderId: string, body: OrderBody, sentBefore: OrderBody | undefined): Promise<PlacedOrder> {
    try {
      return this.placed(await this.desk.services.putOrder(orderId, body, this.desk.course), body);
    } catch (fault) {
      const isThere = fault instanceof Problem && fault.type === "order-conflict";
      if (!isThere || sentBefore === undefined || JSON.stringify(sentBefore) === JSON.stringify(body)) {
        throw fault;
      }
      return this.placed(await this.desk.services.putOrder(orderId, sentBefore, this.desk.course), sentBefore);
    }
  }

  private placed(order: PlacedOrder, body: OrderBody): PlacedOrder {
    this.desk.keep({ order: { orderId: order.order_id, body, secret: order.secret, number: order.number } });
    return order;
  }

  private orderBody(): OrderBody | null {
    const { hold, buyer, holders, optionId, options, event } = this.desk.state;
    if (hold === null) {
      return null;
    }
    const types = ticketTypesOfPlaces(hold.lines);
    return {
      event_id: this.desk.event.event_id,
      hold_id: hold.holdId,
      buyer: buyerOf(buyer, this.desk.event.language),
      holders: types.map((type, index) => holderOf(event, type, holders[index] ?? emptyHolder(index), buyer)),
      payment_option_id: optionId ?? (options[0]?.is_promise ? options[0].option_id : null),
    };
  }

  private async refused(fault: unknown): Promise<void> {
    this.offerWhatIsLeft(fault);
    const type = fault instanceof Problem ? fault.type : "";
    const lines = this.desk.state.hold?.lines ?? [];
    if (type === "hold-gone") {
      await this.holding.lose("expired", lines);
    } else if (type === "hold-taken") {
      this.desk.keep({ order: null, hold: null });
      this.desk.show({ busy: null, step: "selection", notice: { kind: "elsewhere" } });
      this.desk.attend();
    } else if (fault instanceof Problem && WRITTEN_WRONG.has(type)) {
      this.desk.keep({ order: null });
      this.desk.show({ step: "details" });
      const faults = faultsOf(fault);
      this.desk.point(faults);
      this.desk.show({ notice: faults.length > 0 ? null : { kind: "problem", problem: fault } });
    } else {
      this.forgetUnlessUnknown(fault);
      this.desk.tell(fault, "place");
    }
  }

  /** Where the chosen way to pay is gone, show those that the refusal tells; what was typed stays. */
  private offerWhatIsLeft(fault: unknown): void {
    if (fault instanceof Problem && fault.type === "payment-option-gone") {
      this.desk.show({ options: optionsInstead(fault, this.desk.state.options) });
      this.desk.keep({ optionId: null });
    }
  }

  /** After a plain refusal nothing is there under the id; after silence or trouble something may be, and the id is kept. */
  private forgetUnlessUnknown(fault: unknown): void {
    if (fault instanceof Problem && fault.status < 500) {
      this.desk.keep({ order: null });
    }
  }

  /** How the order stands by now. */
  async askOrder(orderId: string, secret: string): Promise<void> {
    this.desk.show({ standing: "asking" });
    try {
      const order = await this.desk.services.readOrder(orderId, secret, this.desk.course);
      if (isOver(order)) {
        await this.holding.lose("expired", this.desk.state.hold?.lines ?? linesOf(this.desk.state.event, this.desk.state.selection));
        return;
      }
      const { hold } = this.desk.state;
      this.desk.show({ offsetMs: clockOffsetMs(order.now, this.desk.now), standing: order.status === "awaiting_payment" ? "open" : "over" });
      this.desk.keep({ hold: hold === null ? null : { ...hold, expiresAt: order.pay_until } });
    } catch (fault) {
      if (fault instanceof Problem) {
        this.startAnew();
      } else {
        this.desk.show({ standing: "open" });
        this.desk.tell(fault, "pay");
      }
    }
  }

  /** Go and pay the order that waits: by the attempt under way, or a new one. */
  async payAgain(): Promise<void> {
    const { order, optionId, busy } = this.desk.state;
    if (!order?.secret || busy !== null) {
      return;
    }
    this.desk.show({ busy: "ordering", notice: null });
    try {
      const next = await this.desk.services.payOrder(order.orderId, order.secret, optionId, this.desk.course);
      this.leaveFor(next.kind === "redirect" ? next.url : null, { order_id: order.orderId, secret: order.secret });
    } catch (fault) {
      this.offerWhatIsLeft(fault);
      this.desk.tell(fault, "pay");
      if (fault instanceof Problem && fault.type === "order-not-open") {
        await this.askOrder(order.orderId, order.secret);
      }
    }
  }

  /** The order's page, with its secret where neither a server's log nor another site sees it. */
  orderUrl(order: { readonly order_id: string; readonly secret: string }): string {
    return `${this.desk.event.paths.order}/${order.order_id}#${order.secret}`;
  }

  private leaveFor(url: string | null, order: { readonly order_id: string; readonly secret: string }): void {
    this.desk.show({ busy: "leaving", notice: null });
    this.desk.services.leave(url ?? this.orderUrl(order));
  }
}

/** Whether it was not paid in time, noted yet or not. What a gateway has still to decide is not over with its time. */
function isOver({ status, payment_state, pay_until, now }: ShownOrder): boolean {
  const isLate = status === "awaiting_payment" && payment_state !== "pending" && Date.parse(now) >= Date.parse(pay_until);
  return status === "expired" || isLate;
}
