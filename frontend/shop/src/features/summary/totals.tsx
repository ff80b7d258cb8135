import { useState } from "preact/hooks";
import type { Words } from "../../language/words";
import type { Quote } from "../../transport/wire";
import { breakdownOf } from "./breakdown";

interface Props {
  readonly words: Words;
  readonly quote: Quote | null;
  /** When it takes place, so that one sees for which performance this is. */
  readonly when: string;
}

/** What the purchase costs, always in sight: a column beside the steps, or a bar below them that opens. */
export function Totals({ words, quote, when }: Props) {
  const [isOpen, setOpen] = useState(false);
  const places = quote?.lines.reduce((sum, line) => sum + line.quantity, 0) ?? 0;
  const open = quote !== null && isOpen;
  return (
    <aside class={open ? "totals open" : "totals"} aria-labelledby="totals-title">
      <h2 id="totals-title">{words.say("totals.title")}</h2>
      {quote === null ? (
        <p class="small soft">{words.say("totals.empty")}</p>
      ) : (
        <>
          <button type="button" class="totals-bar" aria-expanded={open} aria-controls="totals-body" onClick={() => setOpen(!isOpen)}>
            <span class="totals-bar-text">
              <span class="small">{words.count("totals.places", places)}</span>
              <span class="small soft">{words.say("totals.details")}</span>
            </span>
            <strong class="amount">{words.money(quote.totals.total)}</strong>
          </button>
          <div class="totals-body" id="totals-body">
            <p class="small soft">{when}</p>
            <Lines words={words} quote={quote} />
            <Parts words={words} quote={quote} />
          </div>
        </>
      )}
    </aside>
  );
}

function Lines({ words, quote }: { readonly words: Words; readonly quote: Quote }) {
  return (
    <ul class="totals-lines">
      {quote.lines.flatMap((line) =>
        line.parts.map((part, index) => (
          <li key={`${line.ticket_type_id} ${index}`}>
            <span>
              {part.quantity} × {line.name}
              {phaseOf(part.unit.adjustments)}
              <span class="small soft">
                {words.say("totals.each", { amount: words.money(part.unit.final) })}
                {line.seats.length > 0 ? ` · ${words.seats(line.seats)}` : ""}
              </span>
            </span>
            <span class="amount">{words.money(part.total)}</span>
          </li>
        )),
      )}
    </ul>
  );
}

function phaseOf(adjustments: Quote["lines"][number]["parts"][number]["unit"]["adjustments"]): string {
  const phase = adjustments.find((one) => one.rule === "price_phase");
  return phase === undefined ? "" : ` (${phase.name})`;
}

function Parts({ words, quote }: { readonly words: Words; readonly quote: Quote }) {
  const { price, charge, taxes, total } = breakdownOf(quote);
  return (
    <dl class="totals-parts">
      <div class="totals-total">
        <dt>{words.say("totals.total")}</dt>
        <dd class="amount">{words.money(total)}</dd>
      </div>
      <div>
        <dt>{words.say("totals.price")}</dt>
        <dd class="amount">{words.money(price)}</dd>
      </div>
      <div>
        <dt>{words.say(charge === null ? "totals.charge_included" : "totals.charge")}</dt>
        <dd class="amount">{charge === null ? "" : words.money(charge)}</dd>
      </div>
      {taxes.map((tax) => (
        <div key={tax.name}>
          <dt>{words.say("totals.tax", { name: tax.name, rate: words.percent(tax.basisPoints) })}</dt>
          <dd class="amount">{words.money(tax.amount)}</dd>
        </div>
      ))}
    </dl>
  );
}
