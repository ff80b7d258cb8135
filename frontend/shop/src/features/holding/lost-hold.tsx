import { priceOf, ticketTypeOf, type Offering } from "../../event";
import type { Words } from "../../language/words";
import type { Line } from "../../transport/wire";
import type { Alternative } from "./alternatives";

interface Props {
  readonly words: Words;
  readonly event: Offering;
  readonly why: "expired" | "taken";
  readonly alternatives: readonly Alternative[];
  readonly isBusy: boolean;
  readonly onTake: (alternative: Alternative) => void;
  readonly onChoose: () => void;
}

/** The places are gone: what was kept, and what comes nearest. */
export function LostHold({ words, event, why, alternatives, isBusy, onTake, onChoose }: Props) {
  return (
    <div class="stack">
      <strong>{words.say(`lost.title_${why}`)}</strong>
      <p>{words.say("lost.kept")}</p>
      <p>{words.say(alternatives.length > 0 ? "lost.offer" : "lost.nothing")}</p>
      <ul class="alternatives">
        {alternatives.map((one, index) => (
          <li key={one.kind + JSON.stringify(one.lines)}>
            <button type="button" class={index === 0 ? "button wide" : "button plain wide"} aria-disabled={isBusy} onClick={() => !isBusy && onTake(one)}>
              {alternativeWords(words, event, one)}
            </button>
          </li>
        ))}
      </ul>
      <button type="button" class="link" onClick={onChoose}>
        {words.say("lost.choose")}
      </button>
    </div>
  );
}

function alternativeWords(words: Words, event: Offering, { kind, lines }: Alternative): string {
  const what = lines.map((line) => `${line.quantity} × ${ticketTypeOf(event, line.ticket_type_id)?.name ?? ""}`).join(", ");
  if (kind === "same") {
    return words.say("lost.same");
  }
  if (kind === "fewer") {
    return words.count("lost.fewer", lines.reduce((sum, line) => sum + line.quantity, 0), { what });
  }
  if (kind === "other_performance") {
    const performance = event.performances.find((one) => one.performance_id === lines[0]?.performance_id);
    return words.say("lost.other_performance", { what, when: performance === undefined ? "" : words.moment(performance.starts_at) });
  }
  return words.say("lost.other_type", { what, amount: words.money({ minor: totalOf(event, lines), currency: event.currency }) });
}

function totalOf(event: Offering, lines: readonly Line[]): number {
  return lines.reduce((sum, line) => sum + line.quantity * (priceOf(event, line.performance_id, line.ticket_type_id)?.minor ?? 0), 0);
}
