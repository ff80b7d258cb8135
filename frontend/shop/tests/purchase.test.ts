import { beforeEach, expect, test, vi } from "vitest";
import { Purchase } from "../src/checkout/purchase";
import type { Services } from "../src/checkout/services";
import { purchaseShelf } from "../src/device/purchase-shelf";
import { clearShelf } from "../src/device/shelf";
import { Problem, Unreachable } from "../src/transport/problem";
import type { HeldPlaces, PlacedOrder } from "../src/transport/wire";
import { FRIDAY, level, line, quoteOf, SHOP_EVENT } from "./offering";

const NOW = Date.parse("2026-12-01T20:00:00Z");
const SOON = "2026-12-01T20:10:00Z";
const PAY_URL = "https://gateway.example/pay";
const BUYER = { name: "Julia Ríos", mail: "julia@example.com", document: "", phone: "" };

/** A server that keeps every hold and order, and tells what was asked of it. */
function server() {
  let now = NOW;
  const left: string[] = [];
  const services = {
    putHold: vi.fn<Services["putHold"]>(async (hold_id, body) => held(hold_id, body.lines)),
    putOrder: vi.fn<Services["putOrder"]>(async (order_id) => placed(order_id)),
    readOrder: vi.fn<Services["readOrder"]>(async () => ({
      status: "awaiting_payment",
      payment_state: "open",
      pay_until: SOON,
      now: new Date(now).toISOString(),
    })),
    payOrder: vi.fn<Services["payOrder"]>(async () => ({ kind: "redirect", url: PAY_URL })),
    askQuote: vi.fn<Services["askQuote"]>(async (_event, lines) => quoteOf(lines, "added")),
    openCode: vi.fn<Services["openCode"]>(async (event) => event),
    readAvailability: vi.fn<Services["readAvailability"]>(async () => [level("pullman", 1), level("gallery", 9)]),
    now: () => now,
    leave: (url: string) => void left.push(url),
    pause: async () => undefined,
    alone: <Result>(_name: string, run: () => Promise<Result>) => run(),
  } satisfies Services;
  return { services, left, pass: (ms: number) => (now += ms) };
}

function held(hold_id: string, lines: HeldPlaces["quote"]["lines"] | readonly ReturnType<typeof line>[]): HeldPlaces {
  return { hold_id, expires_at: SOON, now: new Date(NOW).toISOString(), quote: quoteOf(lines, "added") };
}

function placed(order_id: string): PlacedOrder {
  const status = "awaiting_payment";
  const next_action = { kind: "redirect", url: PAY_URL } as const;
  return { order_id, number: "7KQ2-M9XA", secret: "secret", status, pay_until: SOON, now: new Date(NOW).toISOString(), next_action };
}

async function withHold(services: Services): Promise<Purchase> {
  const purchase = new Purchase(SHOP_EVENT, services, null);
  purchase.choose({ performanceId: FRIDAY, quantities: { pullman: 2 }, seats: {} });
  await purchase.holding.reserve();
  return purchase;
}

async function readyToPay(services: Services): Promise<Purchase> {
  const purchase = await withHold(services);
  purchase.write({ buyer: BUYER, holders: [0, 1].map(() => ({ isBuyer: true, name: "", document: "", answers: {} })) });
  purchase.review();
  return purchase;
}

beforeEach(() => clearShelf(purchaseShelf(SHOP_EVENT.event_id)));

test("nothing chosen reserves nothing, and says so", async () => {
  const { services } = server();
  const purchase = new Purchase(SHOP_EVENT, services, null);

  await purchase.holding.reserve();

  expect(services.putHold).not.toHaveBeenCalled();
  expect(purchase.state.faults).toEqual([{ where: "selection", code: "none" }]);
});

test("a reload takes the same hold up again, with all that was typed", async () => {
  const { services } = server();
  const before = await readyToPay(services);

  const after = new Purchase(SHOP_EVENT, services, null);
  await after.start();
  after.goTo("summary");

  expect(services.putHold.mock.calls.map(([id]) => id)).toEqual(Array(2).fill(before.state.hold?.holdId));
  expect(after.state.buyer).toEqual(BUYER);
  expect(after.state.step).toBe("summary");
});

test("who comes from the event's page with another choice finds that choice, and the hold is not of it", async () => {
  const { services } = server();
  await readyToPay(services);

  const purchase = new Purchase(SHOP_EVENT, services, { performanceId: FRIDAY, quantities: { gallery: 1 }, seats: {} });
  await purchase.start();
  purchase.goTo("summary");

  expect(purchase.state.selection.quantities).toEqual({ gallery: 1 });
  expect(purchase.state.step).toBe("selection");
});

test("a hold without an answer is asked for again under its id; another choice has an id of its own", async () => {
  const { services } = server();
  services.putHold.mockRejectedValueOnce(new Unreachable());
  const purchase = await withHold(services);

  await purchase.again();
  purchase.choose({ performanceId: FRIDAY, quantities: { pullman: 1 }, seats: {} });
  await purchase.holding.reserve();

  const ids = services.putHold.mock.calls.map(([id]) => id);
  expect(ids[1]).toBe(ids[0]);
  expect(ids[2]).not.toBe(ids[0]);
});

test("what is gone is told with what comes nearest, and what was typed stays", async () => {
  const { services } = server();
  services.putHold.mockRejectedValueOnce(new Problem("sold-out", 409, {}, null));

  const purchase = await withHold(services);

  expect(purchase.state.notice).toMatchObject({ kind: "lost", why: "taken" });
  expect(purchase.state.notice).toHaveProperty("alternatives.0", { kind: "fewer", lines: [line("pullman", 1)] });
  expect(purchase.state.step).toBe("selection");
});

test("levels that have not heard yet of what the refusal says are asked for once more", async () => {
  const { services } = server();
  services.putHold.mockRejectedValueOnce(new Problem("sold-out", 409, {}, null));
  services.readAvailability.mockResolvedValueOnce([level("pullman", 9)]).mockResolvedValue([level("pullman", 1)]);

  const purchase = await withHold(services);

  expect(purchase.state.notice).toHaveProperty("alternatives", [{ kind: "fewer", lines: [line("pullman", 1)] }]);
});

test("a hold whose time is over is lost, and the same places are offered again", async () => {
  const { services } = server();
  services.readAvailability.mockResolvedValue([level("pullman", 5)]);
  const purchase = await readyToPay(services);

  await purchase.timeIsOver();
  const [same] = purchase.state.notice?.kind === "lost" ? purchase.state.notice.alternatives : [];
  expect(same).toEqual({ kind: "same", lines: [line("pullman", 2)] });
  await purchase.holding.take(same ?? { kind: "same", lines: [] });

  expect(purchase.state.step).toBe("details");
  expect(purchase.state.buyer).toEqual(BUYER);
});

test("pressing pay twice places one order", async () => {
  const { services, left } = server();
  const purchase = await readyToPay(services);

  await Promise.all([purchase.ordering.pay(true), purchase.ordering.pay(true)]);

  expect(services.putOrder).toHaveBeenCalledTimes(1);
  expect(left).toEqual([PAY_URL]);
});

test("of two tabs only one places the order, and the other is shown it", async () => {
  const { services } = server();
  const first = await readyToPay(services);
  const second = new Purchase(SHOP_EVENT, services, null);
  await second.start();

  await first.ordering.pay(true);
  await second.ordering.pay(true);

  expect(services.putOrder).toHaveBeenCalledTimes(1);
  expect(second.state.order?.number).toBe("7KQ2-M9XA");
  expect(second.state.standing).toBe("open");
});

test("without consent nothing is ordered", async () => {
  const { services } = server();
  const purchase = await readyToPay(services);

  await purchase.ordering.pay(false);

  expect(services.putOrder).not.toHaveBeenCalled();
  expect(purchase.state.faults).toEqual([{ where: "consent", code: "consent" }]);
});

test("an order without an answer is sent again under its id", async () => {
  const { services } = server();
  services.putOrder.mockRejectedValueOnce(new Unreachable());
  const purchase = await readyToPay(services);

  await purchase.ordering.pay(true);
  await purchase.again();

  const ids = services.putOrder.mock.calls.map(([id]) => id);
  expect(ids).toEqual([ids[0], ids[0]]);
});

test("an order that had arrived after all is found, though the data was changed meanwhile", async () => {
  const { services, left } = server();
  services.putOrder.mockRejectedValueOnce(new Unreachable()).mockRejectedValueOnce(new Problem("order-conflict", 409, {}, null));
  const purchase = await readyToPay(services);

  await purchase.ordering.pay(true);
  purchase.write({ buyer: { ...BUYER, name: "Julia R." } });
  await purchase.again();

  const names = services.putOrder.mock.calls.map(([, body]) => body.buyer.name);
  expect(names).toEqual(["Julia Ríos", "Julia R.", "Julia Ríos"]);
  expect(left).toEqual([PAY_URL]);
});

test("what the server finds wrong is pointed out at its field, and the places are kept", async () => {
  const { services } = server();
  const faults = [{ where: "buyer/mail", code: "mail", sentence: "…" }];
  services.putOrder.mockRejectedValueOnce(new Problem("holders-invalid", 422, { faults }, null));
  const purchase = await readyToPay(services);

  await purchase.ordering.pay(true);

  expect(purchase.state.faults).toMatchObject([{ where: "buyer/mail", code: "mail" }]);
  expect([purchase.state.step, purchase.state.order]).toEqual(["details", null]);
  expect(purchase.state.hold).not.toBeNull();
});

test("who comes back from the gateway is asked to pay what waits, not to choose again", async () => {
  const { services, left } = server();
  await (await readyToPay(services)).ordering.pay(true);

  const back = new Purchase(SHOP_EVENT, services, null);
  await back.start();
  await back.ordering.payAgain();

  expect(back.state.standing).toBe("open");
  expect(services.putOrder).toHaveBeenCalledTimes(1);
  expect(left).toEqual([PAY_URL, PAY_URL]);
});

test("an order that was not paid in time is over, and its places are offered again", async () => {
  const { services } = server();
  await (await readyToPay(services)).ordering.pay(true);
  services.readOrder.mockResolvedValue({ status: "expired", payment_state: "open", pay_until: SOON, now: SOON });

  const back = new Purchase(SHOP_EVENT, services, null);
  await back.start();

  expect(back.state.notice).toMatchObject({ kind: "lost", why: "expired" });
  expect(back.state.order).toBeNull();
  expect(back.state.buyer).toEqual(BUYER);
});

test("an order whose time is over is so before anybody has noted it, unless the gateway has still to decide", async () => {
  const { services } = server();
  await (await readyToPay(services)).ordering.pay(true);
  const back = new Purchase(SHOP_EVENT, services, null);
  await back.start();
  const late = { status: "awaiting_payment", pay_until: SOON, now: SOON } as const;

  services.readOrder.mockResolvedValueOnce({ ...late, payment_state: "pending" });
  await back.timeIsOver();
  const undecided = back.state.standing;
  services.readOrder.mockResolvedValueOnce({ ...late, payment_state: "open" });
  await back.timeIsOver();

  expect(undecided).toBe("open");
  expect(back.state.notice).toMatchObject({ kind: "lost", why: "expired" });
});

test("what was typed is forgotten after a day", async () => {
  const { services, pass } = server();
  await readyToPay(services);
  pass(25 * 60 * 60 * 1_000);

  const later = new Purchase(SHOP_EVENT, services, null);

  expect(later.state.buyer.name).toBe("");
});

test("the buyer is written to in the language of the page", async () => {
  const { services } = server();
  const purchase = await readyToPay(services);

  await purchase.ordering.pay(true);

  expect(services.putOrder.mock.calls[0]?.[1].buyer.locale).toBe("es-AR");
});

test("a tab that sees another one placing the order waits for what comes of it, and goes nowhere", async () => {
  const { services, left } = server();
  const first = await readyToPay(services);
  const second = new Purchase(SHOP_EVENT, services, null);
  await second.start();
  let answer: (order: PlacedOrder) => void = () => undefined;
  services.putOrder.mockImplementationOnce(() => new Promise((resolve) => (answer = resolve)));

  const paying = first.ordering.pay(true);
  await vi.waitFor(() => expect(services.putOrder).toHaveBeenCalledTimes(1));
  await second.takeUp();
  const asked = services.putOrder.mock.calls.length;
  answer(placed(services.putOrder.mock.calls[0]?.[0] ?? ""));
  await paying;
  await second.takeUp();

  expect(asked).toBe(1);
  expect(left).toEqual([PAY_URL]);
  expect(second.state.standing).toBe("open");
});

test("a way to pay that is gone gives way to those that are left, and nothing that was typed is lost", async () => {
  const { services, left } = server();
  const gone = { option_id: "six", label: "6 cuotas sin interés", is_promise: true, pay_within_hours: null, promotions: [] };
  const once = { ...gone, option_id: "once", label: "En un pago", promotions: [{ name: "Martes", says: "10 %" }] };
  const event = { ...SHOP_EVENT, payment_options: [gone, once] };
  const cash = { option_id: "cash", label: "Efectivo", pay_within_hours: 48 };
  services.putOrder.mockRejectedValueOnce(new Problem("payment-option-gone", 409, { options: [{ ...cash }, { ...once }, { label: 1 }] }, null));
  const purchase = new Purchase(event, services, null);
  purchase.choose({ performanceId: FRIDAY, quantities: { pullman: 2 }, seats: {} });
  await purchase.holding.reserve();
  purchase.write({ buyer: BUYER, holders: [0, 1].map(() => ({ isBuyer: true, name: "", document: "", answers: {} })) });
  purchase.review();

  await purchase.ordering.pay(true);
  const { step, notice, options, buyer } = purchase.state;
  purchase.write({ optionId: "once" });
  await purchase.ordering.pay(true);

  expect([step, notice?.kind, buyer]).toEqual(["summary", "problem", BUYER]);
  expect(options).toEqual([{ ...cash, is_promise: true, promotions: [] }, once]);
  // What the page showed as chosen is asked for although nobody touched it; and the next try is another order.
  expect(services.putOrder.mock.calls.map(([, body]) => body.payment_option_id)).toEqual(["six", "once"]);
  expect(new Set(services.putOrder.mock.calls.map(([id]) => id)).size).toBe(2);
  expect(left).toEqual([PAY_URL]);
});
