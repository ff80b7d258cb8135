import type { Money } from "./transport/wire";

/** The event as the page carries it (`storefront/checkout.py` writes it). */
export interface Performance {
  readonly performance_id: string;
  readonly starts_at: string;
  readonly doors_at: string | null;
}

export interface TicketType {
  readonly ticket_type_id: string;
  readonly sector_id: string;
  readonly name: string;
  readonly description: string;
  readonly per_order_max: number | null;
}

export interface Sector {
  readonly sector_id: string;
  readonly name: string;
  /** Of seats; none where places have no number. */
  readonly rows: number;
}

export type QuestionKind = "text" | "choice" | "document" | "mail" | "phone" | "checkbox";

export interface Question {
  readonly key: string;
  readonly label: string;
  readonly kind: QuestionKind;
  readonly required: boolean;
  readonly options: readonly string[];
  readonly ticket_type_ids: readonly string[];
}

export interface OfferPrice {
  readonly performance_id: string;
  readonly ticket_type_id: string;
  readonly final: Money;
}

export interface PaymentOption {
  readonly option_id: string;
  readonly label: string;
  /** It says how one pays, and is asked for by its id even where nobody touched it: nothing else may take its place in silence. */
  readonly is_promise: boolean;
  /** Where the buyer brings the money by themselves: for so long their places are kept at most. */
  readonly pay_within_hours: number | null;
  /** Of banks, for cards that are entered on the order's page: what each is called, and its terms in a line. */
  readonly promotions: readonly { readonly name: string; readonly says: string }[];
}

export interface Offering {
  readonly event_id: string;
  readonly currency: string;
  readonly timezone: string;
  readonly performances: readonly Performance[];
  readonly sectors: readonly Sector[];
  readonly ticket_types: readonly TicketType[];
  readonly questions: readonly Question[];
  readonly prices: readonly OfferPrice[];
}

export interface ShopEvent extends Offering {
  readonly title: string;
  readonly has_codes: boolean;
  readonly payment_options: readonly PaymentOption[];
  /** The page's language (BCP 47), in which its buyer is written to. */
  readonly language: string;
  /** What the paths of this language begin with. */
  readonly language_prefix: string;
  readonly paths: { readonly event: string; readonly order: string; readonly terms: string; readonly privacy: string };
}

/** The holder questions that a ticket of this type is asked. */
export function questionsOf(event: Offering, ticketTypeId: string): readonly Question[] {
  return event.questions.filter((one) => one.ticket_type_ids.length === 0 || one.ticket_type_ids.includes(ticketTypeId));
}

export function ticketTypeOf(event: Offering, ticketTypeId: string): TicketType | undefined {
  return event.ticket_types.find((one) => one.ticket_type_id === ticketTypeId);
}

/** How many rows of seats the sector of a ticket type has. */
export function rowsOf(event: Offering, ticketType: TicketType): number {
  return event.sectors.find((one) => one.sector_id === ticketType.sector_id)?.rows ?? 0;
}

export function isNumbered(event: Offering, ticketType: TicketType): boolean {
  return rowsOf(event, ticketType) > 0;
}

export function priceOf(event: Offering, performanceId: string, ticketTypeId: string): Money | undefined {
  return event.prices.find((one) => one.performance_id === performanceId && one.ticket_type_id === ticketTypeId)?.final;
}
