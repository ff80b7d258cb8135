import type { Offering, PaymentOption } from "../event";
import { secondsLeft } from "../features/holding/countdown";
import type { Alternative } from "../features/holding/alternatives";
import { detailFaults } from "../features/details/checks";
import { linesOf } from "../features/selection/selection";
import type { Fault, Problem } from "../transport/problem";
import type { Line, OfferLevel, Quote } from "../transport/wire";
import type { Kept } from "./kept";

export const STEPS = ["selection", "details", "summary"] as const;
export type Step = (typeof STEPS)[number];

/** What the reader has to be told before anything else. */
export type Notice =
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "unreachable"; readonly again: "reserve" | "place" | "pay" }
  | { readonly kind: "lost"; readonly why: "expired" | "taken"; readonly alternatives: readonly Alternative[] }
  | { readonly kind: "elsewhere" };

/** Where an order that was placed stands: `null` when there is none. */
export type OrderStanding = "asking" | "open" | "over" | null;

export type Busy = "holding" | "ordering" | "leaving" | "opening" | null;

export interface State extends Kept {
  readonly event: Offering;
  /** The ways to pay: those of the page, or newer ones that a refusal told. */
  readonly options: readonly PaymentOption[];
  readonly step: Step;
  readonly quote: Quote | null;
  readonly levels: readonly OfferLevel[];
  readonly offsetMs: number;
  readonly standing: OrderStanding;
  readonly busy: Busy;
  readonly isTroubled: boolean;
  readonly notice: Notice | null;
  readonly faults: readonly Fault[];
  /** Whether the code that was tried opened something; null: none was tried. */
  readonly isCodeGood: boolean | null;
  /** Grows each time that the reader has to look at the notice or the faults: focus goes there. */
  readonly attention: number;
}

export function isLive(state: State, now: number): boolean {
  const { hold, offsetMs } = state;
  return hold !== null && hold.expiresAt !== null && secondsLeft(hold.expiresAt, offsetMs, now) > 0;
}

export function isSame(one: readonly Line[], other: readonly Line[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Whether the hold is one of what is chosen now. */
export function holdsSelection(state: State): boolean {
  return state.hold !== null && isSame(state.hold.lines, linesOf(state.event, state.selection)) && state.hold.code === state.code;
}

/** The furthest step that may be shown: no data without places, no summary without data. */
export function furthest(state: State): Step {
  if (state.hold === null || state.hold.expiresAt === null || !holdsSelection(state)) {
    return "selection";
  }
  return detailFaults(state.event, state.hold.lines, state.buyer, state.holders).length > 0 ? "details" : "summary";
}

/** The price that is in sight: that of the hold once there is one of this selection, otherwise what was last asked. */
export function shownQuote(state: State): Quote | null {
  return holdsSelection(state) && state.hold?.quote ? state.hold.quote : state.quote;
}
