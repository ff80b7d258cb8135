import type { ShopEvent } from "../event";
import { detailFaults, EMPTY_BUYER } from "../features/details/checks";
import { emptySelection, linesOf, type Selection } from "../features/selection/selection";
import type { Fault } from "../transport/problem";
import type { Course } from "../transport/send";
import { blank, Desk, KEPT_NOTHING } from "./desk";
import { Holding } from "./holding";
import type { Kept } from "./kept";
import { Ordering } from "./ordering";
import type { Services } from "./services";
import { furthest, STEPS, type State, type Step } from "./state";

const QUOTE_PAUSE_MS = 150;
const QUIET: Course = { troubled: () => undefined, answered: () => undefined };

/** One buyer's purchase of one event: what is chosen and typed, the hold, the order; kept on the device after every change. */
export class Purchase {
  readonly holding: Holding;
  readonly ordering: Ordering;
  private readonly desk: Desk;
  private quoteTimer: ReturnType<typeof setTimeout> | undefined;
  private quoteAsked = 0;

  constructor(
    private readonly event: ShopEvent,
    private readonly services: Services,
    wished: Selection | null,
  ) {
    this.desk = new Desk(event, services);
    this.holding = new Holding(this.desk, () => {
      this.askQuote();
      return this.refreshLevels();
    });
    this.ordering = new Ordering(
      this.desk,
      this.holding,
      () => this.takeUp(),
      () => this.startAnew(),
    );
    const kept = this.desk.kept();
    this.desk.show({ ...kept, ...(wished === null || kept?.order ? {} : { selection: wished }) });
  }

  get state(): State {
    return this.desk.state;
  }

  subscribe(listener: () => void): () => void {
    return this.desk.subscribe(listener);
  }

  /** Take up what is kept: an order that was placed, a hold that may still live, a code that opened something. */
  async start(): Promise<void> {
    void this.refreshLevels();
    if (this.state.code !== "") {
      await this.openCode(this.state.code);
    }
    await this.resume();
  }

  /** Another tab has changed what is kept, or this page comes back as it was left. */
  async takeUp(): Promise<void> {
    const { hold, order, standing } = this.state;
    this.desk.show({ ...(this.desk.kept() ?? blank(this.event)), busy: null, isTroubled: false });
    // An order without its secret is one that the other tab is placing: what came of it is told when it is known.
    const isSame = hold?.holdId === this.state.hold?.holdId && (order?.secret ?? null) === (this.state.order?.secret ?? null);
    // What the other tab merely typed is no reason to ask the server.
    if (!isSame || standing !== null) {
      await this.resume();
    }
  }

  private async resume(): Promise<void> {
    const { order, hold } = this.state;
    if (order?.secret) {
      await this.ordering.askOrder(order.orderId, order.secret);
    } else if (order !== null) {
      await this.ordering.place();
    } else if (hold?.expiresAt) {
      await this.holding.confirm();
    } else {
      this.askQuote();
    }
  }

  /** Go to a step, or as far towards it as it goes. */
  goTo(step: Step): void {
    const allowed = Math.min(STEPS.indexOf(step), STEPS.indexOf(furthest(this.state)));
    this.desk.show({ step: STEPS[allowed] ?? "selection", faults: [] });
  }

  // --- what is chosen

  choose(selection: Selection): void {
    this.desk.keep({ selection });
    this.desk.show({ faults: [], notice: null });
    this.askQuote();
  }

  async openCode(code: string): Promise<void> {
    const wished = code.trim();
    this.desk.show({ busy: "opening", isCodeGood: null });
    try {
      const event = wished === "" ? this.event : await this.services.openCode(this.event, wished, this.desk.course);
      const isCodeGood = event.ticket_types.length > this.event.ticket_types.length;
      this.desk.keep({ code: isCodeGood ? wished : "" });
      this.desk.show({ event, isCodeGood: wished === "" ? null : isCodeGood, busy: null });
    } catch (fault) {
      this.desk.tell(fault, "reserve");
    }
  }

  async refreshLevels(): Promise<void> {
    try {
      this.desk.show({ levels: await this.services.readAvailability(this.event.event_id, QUIET) });
    } catch {
      // What is left is a courtesy here: the hold decides.
    }
  }

  private askQuote(): void {
    clearTimeout(this.quoteTimer);
    const lines = linesOf(this.state.event, this.state.selection);
    const asked = ++this.quoteAsked;
    if (lines.length === 0) {
      this.desk.show({ quote: null });
      return;
    }
    this.quoteTimer = setTimeout(async () => {
      try {
        const quote = await this.services.askQuote(this.event.event_id, lines, this.state.code, this.desk.course);
        if (asked === this.quoteAsked) {
          this.desk.show({ quote });
        }
      } catch {
        // The hold will say what is wrong with these lines.
      }
    }, QUOTE_PAUSE_MS);
  }

  // --- the data

  write(change: Partial<Pick<Kept, "buyer" | "holders" | "optionId">>): void {
    this.desk.keep(change);
    if (this.state.faults.length > 0) {
      // What is put right is no longer pointed at; what is typed anew is pointed at only when asked for.
      const left = new Set(this.detailFaults().map((one) => one.where));
      this.desk.show({ faults: this.state.faults.filter((one) => left.has(one.where)) });
    }
  }

  /** On to the summary, if everything that was typed will do. */
  review(): void {
    const faults = this.detailFaults();
    if (faults.length > 0) {
      this.desk.point(faults);
    } else {
      this.desk.show({ notice: null });
      this.goTo("summary");
    }
  }

  private detailFaults(): Fault[] {
    const { event, hold, buyer, holders } = this.state;
    return hold === null ? [] : detailFaults(event, hold.lines, buyer, holders);
  }

  /** Forget the order on this device. A new hold of this browser releases the places that the order waits with. */
  startAnew(): void {
    const { buyer, standing } = this.state;
    // Who leaves an order unpaid buys something else, and is still the same person.
    this.desk.keep({ ...KEPT_NOTHING, selection: emptySelection(this.event), buyer: standing === "open" ? buyer : EMPTY_BUYER });
    this.desk.show({ standing: null, step: "selection", notice: null, faults: [], busy: null, quote: null });
    void this.refreshLevels();
  }

  /** The time to pay is over: the order may be paid all the same, and without one the places are free again. */
  async timeIsOver(): Promise<void> {
    const { order, busy } = this.state;
    if (busy === null) {
      await (order?.secret ? this.ordering.askOrder(order.orderId, order.secret) : this.holding.expire());
    }
  }

  /** Do again what found no connection. */
  async again(): Promise<void> {
    const { notice } = this.state;
    if (notice?.kind === "unreachable") {
      const { holding, ordering } = this;
      await { reserve: () => holding.reserve(), place: () => ordering.place(), pay: () => ordering.payAgain() }[notice.again]();
    }
  }

  dismiss(): void {
    this.desk.show({ notice: null });
  }
}
