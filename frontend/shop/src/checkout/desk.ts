import type { Offering, ShopEvent } from "../event";
import { emptySelection } from "../features/selection/selection";
import { EMPTY_BUYER } from "../features/details/checks";
import { Problem, Unreachable, type Fault } from "../transport/problem";
import type { Course } from "../transport/send";
import { loadKept, saveKept, type Kept } from "./kept";
import type { Services } from "./services";
import type { State } from "./state";

export const KEPT_NOTHING = { code: "", buyer: EMPTY_BUYER, holders: [], optionId: null, hold: null, order: null } as const;

/** The state of a purchase: shown to whoever listens, and kept on the device. */
export class Desk {
  state: State;
  readonly course: Course;
  private readonly listeners = new Set<() => void>();

  constructor(
    readonly event: ShopEvent,
    readonly services: Services,
  ) {
    this.course = { troubled: () => this.show({ isTroubled: true }), answered: () => this.show({ isTroubled: false }) };
    this.state = blank(event);
  }

  get now(): number {
    return this.services.now();
  }

  get offering(): Offering {
    return this.state.event;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** What is kept on the device, by whichever tab. */
  kept(): Kept | null {
    return loadKept(this.event.event_id, this.now);
  }

  /** A refusal or silence, to be read before anything else; `again` is what found no connection. Anything else is a fault of ours. */
  tell(fault: unknown, again: "reserve" | "place" | "pay"): void {
    if (!(fault instanceof Problem) && !(fault instanceof Unreachable)) {
      throw fault;
    }
    this.show({
      busy: null,
      isTroubled: false,
      notice: fault instanceof Problem ? { kind: "problem", problem: fault } : { kind: "unreachable", again },
    });
    this.attend();
  }

  /** Fields to correct. */
  point(faults: readonly Fault[]): void {
    this.show({ faults, busy: null });
    this.attend();
  }

  attend(): void {
    this.show({ attention: this.state.attention + 1 });
  }

  keep(change: Partial<Kept>): void {
    this.show(change);
    saveKept(this.event.event_id, this.state, this.now);
  }

  show(change: Partial<State>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) {
      listener();
    }
  }
}

export function blank(event: ShopEvent): State {
  return {
    ...KEPT_NOTHING,
    event,
    options: event.payment_options,
    selection: emptySelection(event),
    step: "selection",
    quote: null,
    levels: [],
    offsetMs: 0,
    standing: null,
    busy: null,
    isTroubled: false,
    notice: null,
    faults: [],
    isCodeGood: null,
    attention: 0,
  };
}
