/** The shop's API, as /api/openapi.json describes it: what the checkout uses of it. */
export interface Money {
  readonly minor: number;
  readonly currency: string;
}

export interface Line {
  readonly performance_id: string;
  readonly ticket_type_id: string;
  readonly quantity: number;
  readonly seats: readonly string[];
}

export interface IncludedTax {
  readonly name: string;
  readonly basis_points: number;
  readonly amount: Money;
}

export interface Unit {
  readonly final: Money;
  readonly charge: Money;
  readonly charge_mode: "added" | "absorbed" | null;
  readonly adjustments: readonly { readonly rule: "price_phase" | "service_charge"; readonly name: string }[];
  readonly taxes: readonly IncludedTax[];
}

export interface QuoteLine extends Line {
  readonly name: string;
  readonly parts: readonly { readonly quantity: number; readonly unit: Unit; readonly total: Money }[];
  readonly total: Money;
}

export interface Quote {
  readonly currency: string;
  readonly lines: readonly QuoteLine[];
  readonly totals: {
    readonly charge: Money;
    readonly proceeds: Money;
    readonly tax: Money;
    readonly total: Money;
  };
}

export interface HeldPlaces {
  readonly hold_id: string;
  readonly expires_at: string;
  readonly now: string;
  readonly quote: Quote;
}

export interface NextAction {
  readonly kind: "redirect" | "card" | "instructions" | "wait" | "retry" | "none";
  readonly url: string | null;
}

export interface PlacedOrder {
  readonly order_id: string;
  readonly number: string;
  readonly secret: string;
  readonly status: "awaiting_payment" | "paid" | "expired" | "cancelled" | "refunded";
  readonly pay_until: string;
  readonly now: string;
  readonly next_action: NextAction;
}

export interface ShownOrder {
  readonly status: PlacedOrder["status"];
  readonly payment_state: string;
  readonly pay_until: string;
  readonly now: string;
}

export interface OfferLevel {
  readonly performance_id: string;
  readonly ticket_type_id: string;
  readonly state: "on_sale" | "few" | "sold_out" | "not_yet" | "over";
  readonly left: number;
}

export interface Buyer {
  readonly name: string;
  readonly mail: string;
  readonly document: string | null;
  readonly phone: string | null;
  /** In which they are written to. */
  readonly locale: string;
}

export interface Holder {
  readonly name: string;
  readonly mail: string | null;
  readonly document: string | null;
  readonly answers: Readonly<Record<string, string>>;
}

export interface OrderBody {
  readonly event_id: string;
  readonly hold_id: string;
  readonly buyer: Buyer;
  readonly holders: readonly Holder[];
  readonly payment_option_id: string | null;
}
