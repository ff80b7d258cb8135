import { newId } from "../device/ids";
import { visitorId } from "../device/visitor";
import { emptyHolder, ticketTypesOfPlaces } from "../features/details/checks";
import { alternativesTo, type Alternative } from "../features/holding/alternatives";
import { clockOffsetMs } from "../features/holding/countdown";
import { linesOf, selectionOf } from "../features/selection/selection";
import { Problem } from "../transport/problem";
import type { Line } from "../transport/wire";
import type { Desk } from "./desk";
import { holdsSelection, isLive, type State } from "./state";

const LEVELS_AGE_MS_MAX = 1_100;

/** The purchase's hold: asked for, taken up again, lost. */
export class Holding {
  constructor(
    private readonly desk: Desk,
    private readonly refresh: () => Promise<void>,
  ) {}

  /** Reserve what is chosen, and go on to the data. */
  async reserve(): Promise<void> {
    const lines = linesOf(this.desk.offering, this.desk.state.selection);
    if (this.desk.state.busy !== null) {
      return;
    }
    if (lines.length === 0) {
      this.desk.point([{ where: "selection", code: "none" }]);
      return;
    }
    if (holdsSelection(this.desk.state) && isLive(this.desk.state, this.desk.now)) {
      this.desk.show({ step: "details", faults: [], notice: null });
      return;
    }
    const { hold } = this.desk.state;
    // Without an answer the same id is sent again: the hold may be there already.
    const isUnanswered = hold !== null && hold.expiresAt === null && holdsSelection(this.desk.state);
    await this.hold(isUnanswered ? hold.holdId : newId(this.desk.now), lines);
  }

  /** Take an alternative in the place of what was lost. */
  async take(alternative: Alternative): Promise<void> {
    if (this.desk.state.busy === null) {
      this.desk.keep({ selection: selectionOf(alternative.lines), hold: null });
      await this.hold(newId(this.desk.now), alternative.lines);
    }
  }

  private async hold(holdId: string, lines: readonly Line[], isSecondTry = false): Promise<void> {
    const { code } = this.desk.state;
    this.desk.keep({ hold: { holdId, lines, code, expiresAt: null, quote: null }, order: null });
    this.desk.show({ busy: "holding", faults: [], notice: null, standing: null });
    try {
      await this.ask(holdId, lines, code);
      this.desk.show({ step: "details", busy: null });
    } catch (fault) {
      const type = fault instanceof Problem ? fault.type : "";
      if (!isSecondTry && (type === "hold-gone" || type === "hold-conflict")) {
        await this.hold(newId(this.desk.now), lines, true);
      } else if (type === "sold-out" || type === "seats-taken") {
        await this.lose("taken", lines);
      } else {
        // After silence or trouble the hold may be there, and its id is kept.
        if (fault instanceof Problem && fault.status < 500) {
          this.desk.keep({ hold: null });
        }
        this.desk.tell(fault, "reserve");
      }
    }
  }

  private async ask(holdId: string, lines: readonly Line[], code: string): Promise<void> {
    const body = { event_id: this.desk.event.event_id, visitor_id: visitorId(), lines, code: code || null, campaign: null };
    const held = await this.desk.services.putHold(holdId, body, this.desk.course);
    this.desk.show({ offsetMs: clockOffsetMs(held.now, this.desk.now) });
    this.desk.keep({ hold: { holdId, lines, code, expiresAt: held.expires_at, quote: held.quote }, holders: this.holdersFor(lines) });
  }

  /** Whether the kept hold still lives; it is asked for under its id, which changes nothing where it does. */
  async confirm(): Promise<void> {
    const hold = this.desk.state.hold;
    if (hold === null) {
      return;
    }
    try {
      await this.ask(hold.holdId, hold.lines, hold.code);
    } catch (fault) {
      if (fault instanceof Problem) {
        await this.lose("expired", hold.lines);
      } else {
        this.desk.tell(fault, "reserve");
      }
    }
  }

  /** The hold's time is over: say so, and what there is in its place. */
  async expire(): Promise<void> {
    const { hold, order } = this.desk.state;
    if (hold !== null && order === null) {
      await this.lose("expired", hold.lines);
    }
  }

  /** The places are gone: what was chosen stays chosen, and what comes nearest is offered. */
  async lose(why: "expired" | "taken", lines: readonly Line[]): Promise<void> {
    this.desk.keep({ hold: null, order: null, selection: selectionOf(lines) });
    const alternatives = await this.alternatives(lines, why);
    this.desk.show({ step: "selection", busy: null, standing: null, notice: { kind: "lost", why, alternatives } });
    this.desk.attend();
  }

  private async alternatives(lines: readonly Line[], why: "expired" | "taken"): Promise<readonly Alternative[]> {
    await this.refresh();
    const found = alternativesTo(this.desk.offering, lines, this.desk.state.levels);
    if (why === "expired" || found[0]?.kind !== "same") {
      return found;
    }
    // The refusal is newer than the levels, which may be a second old.
    await this.desk.services.pause(LEVELS_AGE_MS_MAX);
    await this.refresh();
    return alternativesTo(this.desk.offering, lines, this.desk.state.levels).filter((one) => one.kind !== "same");
  }

  private holdersFor(lines: readonly Line[]): State["holders"] {
    return ticketTypesOfPlaces(lines).map((_, index) => this.desk.state.holders[index] ?? emptyHolder(index));
  }
}
