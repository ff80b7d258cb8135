import { ticketTypeOf, type Question } from "../event";
import { ticketTypesOfPlaces } from "../features/details/checks";
import { LostHold } from "../features/holding/lost-hold";
import { problemWords } from "../language/problem-words";
import type { Words } from "../language/words";
import { faultWords, fieldId } from "../ui/field";
import { useFocusOn } from "../ui/use-focus";
import type { Purchase } from "./purchase";
import type { State } from "./state";

interface Props {
  readonly words: Words;
  readonly state: State;
  readonly purchase: Purchase;
}

/** What has to be read before going on: what went wrong, what was lost, which fields to correct. Focus comes here. */
export function Notices({ words, state, purchase }: Props) {
  const target = useFocusOn<HTMLDivElement>(state.attention);
  const hasSomething = state.notice !== null || state.faults.length > 0;
  return (
    <>
      <div class="connection" role="status">
        {state.isTroubled ? <p class="notice warn">{words.say("connection.lost")}</p> : null}
      </div>
      <div ref={target} tabIndex={-1} role="group" aria-label={words.say("problem.title")} class="notices" hidden={!hasSomething}>
        {state.notice === null ? null : <Told {...{ words, state, purchase }} />}
        {state.faults.length > 0 ? <Faults {...{ words, state }} /> : null}
      </div>
    </>
  );
}

function Told({ words, state, purchase }: Props) {
  const { notice, busy } = state;
  if (notice?.kind === "lost") {
    return (
      <div class="notice warn">
        <LostHold
          {...{ words, event: state.event, why: notice.why, alternatives: notice.alternatives, isBusy: busy !== null }}
          onTake={(one) => void purchase.holding.take(one)}
          onChoose={() => purchase.dismiss()}
        />
      </div>
    );
  }
  if (notice?.kind === "unreachable") {
    return (
      <div class="notice bad stack">
        <p>{words.say("connection.gave_up")}</p>
        <button type="button" class="button plain" onClick={() => void purchase.again()}>
          {words.say("connection.again")}
        </button>
      </div>
    );
  }
  if (notice?.kind === "elsewhere") {
    return (
      <div class="notice warn">
        <strong>{words.say("ordered.elsewhere_title")}</strong>
        <p>{words.say("ordered.elsewhere")}</p>
      </div>
    );
  }
  return notice === null ? null : (
    <div class="notice bad">
      <strong>{words.say("problem.title")}</strong>
      <p>{problemWords(words, notice.problem)}</p>
    </div>
  );
}

function Faults({ words, state }: Pick<Props, "words" | "state">) {
  const faults = state.faults.filter((one) => one.where !== "selection");
  const goTo = (where: string) => (happening: Event) => {
    happening.preventDefault();
    document.getElementById(fieldId(where))?.focus();
  };
  if (faults.length === 0) {
    return <p class="notice bad">{words.say("selection.none")}</p>;
  }
  return (
    <div class="notice bad">
      <strong>{words.count("faults.title", faults.length)}</strong>
      <ul class="fault-list">
        {faults.map((fault) => (
          <li key={fault.where}>
            <a href={`#${fieldId(fault.where)}`} onClick={goTo(fault.where)}>
              {fieldWords(words, state, fault.where)}
            </a>
            : {faultWords(words, fault.code)}
          </li>
        ))}
      </ul>
    </div>
  );
}

const NAMED = { name: "details.name", mail: "details.mail", document: "details.document", phone: "details.phone" } as const;

/** What the reader calls the field: its label, and for a holder's the ticket that it belongs to. */
function fieldWords(words: Words, state: State, where: string): string {
  const [part = "", at = "", field = "", key = ""] = where.split("/");
  if (part === "consent") {
    return words.say("summary.consent_terms");
  }
  if (part !== "holders") {
    return at in NAMED ? words.say(NAMED[at as keyof typeof NAMED]) : where;
  }
  const typeId = ticketTypesOfPlaces(state.hold?.lines ?? [])[Number(at)] ?? "";
  const ticket = words.say("details.ticket", { number: Number(at) + 1, name: ticketTypeOf(state.event, typeId)?.name ?? "" });
  const question: Question | undefined = state.event.questions.find((one) => field === "answers" && one.key === key);
  const label = question?.label ?? (field in NAMED ? words.say(NAMED[field as keyof typeof NAMED]) : "");
  return `${ticket}, ${label}`;
}
