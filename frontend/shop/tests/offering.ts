import type { Offering, ShopEvent, TicketType } from "../src/event";
import type { Line, OfferLevel, Quote } from "../src/transport/wire";

/** An event with two performances and three ticket types, of which one is numbered. */
export const FRIDAY = "friday";
export const SATURDAY = "saturday";

const type = (id: string, sector: string): TicketType => ({
  ticket_type_id: id,
  sector_id: sector,
  name: id,
  description: "",
  per_order_max: 6,
});

const PRICES: Record<string, number> = { stalls: 2_400_000, pullman: 1_800_000, gallery: 800_000 };

export const OFFERING: Offering = {
  event_id: "event",
  currency: "ARS",
  timezone: "America/Argentina/Buenos_Aires",
  performances: [
    { performance_id: FRIDAY, starts_at: "2026-12-11T00:00:00Z", doors_at: null },
    { performance_id: SATURDAY, starts_at: "2026-12-12T00:00:00Z", doors_at: null },
  ],
  sectors: [
    { sector_id: "numbered", name: "Platea", rows: 2 },
    { sector_id: "free", name: "Pullman", rows: 0 },
  ],
  ticket_types: [type("stalls", "numbered"), type("pullman", "free"), type("gallery", "free")],
  questions: [
    { key: "dni", label: "DNI", kind: "document", required: true, options: [], ticket_type_ids: ["stalls"] },
    { key: "menu", label: "Menú", kind: "choice", required: false, options: ["común", "vegano"], ticket_type_ids: [] },
  ],
  prices: [FRIDAY, SATURDAY].flatMap((performance_id) =>
    Object.entries(PRICES).map(([ticket_type_id, minor]) => ({ performance_id, ticket_type_id, final: { minor, currency: "ARS" } })),
  ),
};

export const SHOP_EVENT: ShopEvent = {
  ...OFFERING,
  title: "El inspector de sombras",
  has_codes: false,
  payment_options: [{ option_id: "account", label: "Pasarela", is_promise: false, pay_within_hours: null, promotions: [] }],
  language: "es-AR",
  language_prefix: "",
  paths: { event: "/e/x", order: "/o", terms: "/terms", privacy: "/privacy" },
};

export function line(ticketTypeId: string, quantity: number, performanceId = FRIDAY): Line {
  return { performance_id: performanceId, ticket_type_id: ticketTypeId, quantity, seats: [] };
}

export function level(ticketTypeId: string, left: number, performanceId = FRIDAY): OfferLevel {
  return { performance_id: performanceId, ticket_type_id: ticketTypeId, state: left > 0 ? "on_sale" : "sold_out", left };
}

/** A quote of these lines where each place costs 12.000 with 2.000 of service charge in it, 347,11 of that IVA. */
export function quoteOf(lines: readonly Line[], mode: "added" | "absorbed"): Quote {
  const money = (minor: number) => ({ minor, currency: "ARS" });
  const places = lines.reduce((sum, one) => sum + one.quantity, 0);
  return {
    currency: "ARS",
    lines: lines.map((one) => ({
      ...one,
      name: one.ticket_type_id,
      parts: [
        {
          quantity: one.quantity,
          total: money(1_200_000 * one.quantity),
          unit: {
            final: money(1_200_000),
            charge: money(200_000),
            charge_mode: mode,
            adjustments: [],
            taxes: [{ name: "IVA", basis_points: 2_100, amount: money(34_711) }],
          },
        },
      ],
      total: money(1_200_000 * one.quantity),
    })),
    totals: {
      charge: money(200_000 * places),
      proceeds: money(1_000_000 * places),
      tax: money(34_711 * places),
      total: money(1_200_000 * places),
    },
  };
}
