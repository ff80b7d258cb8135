import { isNumbered, priceOf, type Offering, type TicketType } from "../../event";
import type { Words } from "../../language/words";
import type { Fault } from "../../transport/problem";
import type { Line, OfferLevel } from "../../transport/wire";
import { fieldId } from "../../ui/field";
import { CodeForm } from "./code-form";
import { SeatList } from "./seat-list";
import { levelOf, most, type Selection } from "./selection";

interface Props {
  readonly words: Words;
  readonly event: Offering;
  readonly selection: Selection;
  readonly levels: readonly OfferLevel[];
  /** Lines that this browser holds already: their seats are its own. */
  readonly heldLines: readonly Line[];
  readonly faults: readonly Fault[];
  readonly isBusy: boolean;
  readonly code: { readonly isOffered: boolean; readonly isGood: boolean | null; readonly value: string };
  readonly onChoose: (selection: Selection) => void;
  readonly onCode: (code: string) => void;
  readonly onContinue: () => void;
}

/** Which performance, and how many of what. */
export function SelectionStep({ words, event, selection, levels, heldLines, faults, isBusy, code, onChoose, onCode, onContinue }: Props) {
  const hasFault = faults.some((one) => one.where === "selection");
  const isAnyOffered = heldLines.length > 0 || isSomethingOpen(event, levels);
  const submit = (happening: Event) => {
    happening.preventDefault();
    onContinue();
  };
  return (
    <form onSubmit={submit} noValidate class="stack-wide">
      {event.performances.length > 1 ? <Performances {...{ words, event, selection, onChoose }} /> : null}
      {isAnyOffered ? null : <p class="notice">{words.say("selection.nothing")}</p>}
      <ul class="picks" id={fieldId("selection")} tabIndex={-1}>
        {event.ticket_types.map((type) => (
          <Offer key={type.ticket_type_id} {...{ words, event, selection, levels, heldLines, type, onChoose }} />
        ))}
      </ul>
      {hasFault ? <p class="fault-line">{words.say("selection.none")}</p> : null}
      {code.isOffered ? <CodeForm {...{ words, onCode, isBusy }} isGood={code.isGood} value={code.value} /> : null}
      {isAnyOffered ? (
        <button class="button wide" type="submit" aria-disabled={isBusy}>
          {words.say(isBusy ? "selection.holding" : "selection.continue")}
        </button>
      ) : null}
    </form>
  );
}

/** Whether anything can be had at any of the performances. */
function isSomethingOpen(event: Offering, levels: readonly OfferLevel[]): boolean {
  return event.performances.some((performance) =>
    event.ticket_types.some((type) => isOnSale(levelOf(levels, performance.performance_id, type.ticket_type_id))),
  );
}

/** What is not known yet may be. */
function isOnSale(level: OfferLevel | undefined): boolean {
  return level === undefined || level.state === "on_sale" || level.state === "few";
}

type Choosing = Pick<Props, "words" | "event" | "selection" | "onChoose">;

function Performances({ words, event, selection, onChoose }: Choosing) {
  return (
    <fieldset class="choices">
      <legend>{words.say("selection.performance")}</legend>
      {event.performances.map((one) => (
        <label key={one.performance_id} class="choice">
          <input
            type="radio"
            name="performance"
            checked={one.performance_id === selection.performanceId}
            onChange={() => onChoose({ ...selection, performanceId: one.performance_id, seats: {} })}
          />
          <span>{words.moment(one.starts_at)}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface OfferProps extends Choosing, Pick<Props, "levels" | "heldLines"> {
  readonly type: TicketType;
}

function Offer({ words, event, selection, levels, heldLines, type, onChoose }: OfferProps) {
  const level = levelOf(levels, selection.performanceId, type.ticket_type_id);
  const price = priceOf(event, selection.performanceId, type.ticket_type_id);
  const own = heldLines
    .filter((line) => line.performance_id === selection.performanceId && line.ticket_type_id === type.ticket_type_id)
    .reduce((sum, line) => sum + line.quantity, 0);
  const isOpen = isOnSale(level) || own > 0;
  const heading = `offer-${type.ticket_type_id}`;
  return (
    <li class={isOpen ? "pick" : "pick closed"}>
      <div class="pick-head">
        <div>
          <h3 id={heading}>{type.name}</h3>
          {type.description ? <p class="small soft">{type.description}</p> : null}
          <p class="small soft">{noteOn(words, type, level)}</p>
        </div>
        <p class="amount pick-price">{price === undefined ? "" : words.money(price)}</p>
        {isOpen && !isNumbered(event, type) ? <Stepper {...{ words, event, selection, levels, type, onChoose, own }} /> : null}
      </div>
      {isOpen && isNumbered(event, type) ? <SeatList {...{ words, event, selection, heldLines, type, onChoose }} /> : null}
    </li>
  );
}

function noteOn(words: Words, type: TicketType, level: OfferLevel | undefined): string {
  if (level?.state === "sold_out" || level?.state === "not_yet" || level?.state === "over") {
    return words.say(`selection.${level.state}`);
  }
  const notes = [
    level?.state === "few" ? words.count("selection.left", level.left) : "",
    type.per_order_max === null ? "" : words.say("selection.at_most", { count: type.per_order_max }),
  ];
  return notes.filter(Boolean).join(" · ");
}

interface StepperProps extends Choosing, Pick<Props, "levels"> {
  readonly type: TicketType;
  /** Places of this that the browser holds: they are not among what is left, and yet can be had. */
  readonly own: number;
}

function Stepper({ words, event, selection, levels, type, onChoose, own }: StepperProps) {
  const id = type.ticket_type_id;
  const quantity = selection.quantities[id] ?? 0;
  const limit = Math.min(most(event, selection, id, levels) + own, type.per_order_max ?? Infinity);
  const set = (wished: number) => {
    const count = Math.max(0, Math.min(limit, Number.isFinite(wished) ? Math.trunc(wished) : 0));
    onChoose({ ...selection, quantities: { ...selection.quantities, [id]: count } });
  };
  const name = type.name;
  return (
    <div class="stepper">
      <button type="button" aria-label={words.say("selection.fewer", { name })} disabled={quantity === 0} onClick={() => set(quantity - 1)}>
        −
      </button>
      <input
        type="text"
        inputMode="numeric"
        maxLength={3}
        aria-label={words.say("selection.quantity", { name })}
        value={quantity}
        onFocus={(happening) => happening.currentTarget.select()}
        onChange={(happening) => {
          set(Number(happening.currentTarget.value));
          happening.currentTarget.value = String(Math.max(0, Math.min(limit, Math.trunc(Number(happening.currentTarget.value)) || 0)));
        }}
      />
      <button type="button" aria-label={words.say("selection.more", { name })} disabled={quantity >= limit} onClick={() => set(quantity + 1)}>
        +
      </button>
    </div>
  );
}
