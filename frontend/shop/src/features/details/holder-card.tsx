import { questionsOf, type Offering, type Question } from "../../event";
import type { Words } from "../../language/words";
import type { Fault } from "../../transport/problem";
import { Field, fieldId, faultWords } from "../../ui/field";
import { answeredByBuyer, type BuyerDraft, type HolderDraft } from "./checks";

interface Props {
  readonly words: Words;
  readonly event: Offering;
  readonly index: number;
  readonly ticketTypeId: string;
  readonly name: string;
  readonly seat: string | null;
  readonly buyer: BuyerDraft;
  readonly holder: HolderDraft;
  readonly faults: readonly Fault[];
  readonly onChange: (holder: HolderDraft) => void;
}

/** One ticket's holder: the buyer, or somebody else with a name of their own; and what the organizer asks. */
export function HolderCard({ words, event, index, ticketTypeId, name, seat, buyer, holder, faults, onChange }: Props) {
  const where = `holders/${index}`;
  // What the buyer's own data answer is not asked again.
  const questions = questionsOf(event, ticketTypeId);
  const asked = questions.filter((one) => !(holder.isBuyer && answeredByBuyer(one, buyer) !== ""));
  const isDocumentAsked = questions.some((one) => one.kind === "document");
  const answer = (question: Question, value: string) => onChange({ ...holder, answers: { ...holder.answers, [question.key]: value } });
  const set = (field: "name" | "document") => (happening: { currentTarget: HTMLInputElement }) =>
    onChange({ ...holder, [field]: happening.currentTarget.value });
  return (
    <fieldset class="holder stack">
      <legend>
        {words.say("details.ticket", { number: index + 1, name })}
        {seat === null ? null : <span class="soft"> · {words.say("details.seat", { seat })}</span>}
      </legend>
      <label class="check">
        <input
          type="checkbox"
          id={fieldId(where)}
          checked={holder.isBuyer}
          onChange={(happening) => onChange({ ...holder, isBuyer: happening.currentTarget.checked })}
        />
        <span>{words.say("details.is_buyer")}</span>
      </label>
      {holder.isBuyer ? null : (
        <div class="pair">
          <Field words={words} where={`${where}/name`} label={words.say("details.name")} faults={faults}>
            {(tied) => <input {...tied} autocomplete="off" maxLength={200} value={holder.name} onInput={set("name")} />}
          </Field>
          {isDocumentAsked ? null : (
            <Field words={words} where={`${where}/document`} label={words.say("details.document")} isOptional faults={faults}>
              {(tied) => (
                <input {...tied} inputMode="numeric" autocomplete="off" maxLength={20} value={holder.document} onInput={set("document")} />
              )}
            </Field>
          )}
        </div>
      )}
      {asked.map((question) => (
        <Asked
          key={question.key}
          {...{ words, question, faults }}
          where={`${where}/answers/${question.key}`}
          value={holder.answers[question.key] ?? ""}
          onAnswer={(value) => answer(question, value)}
        />
      ))}
    </fieldset>
  );
}

interface AskedProps {
  readonly words: Words;
  readonly question: Question;
  readonly where: string;
  readonly value: string;
  readonly faults: readonly Fault[];
  readonly onAnswer: (value: string) => void;
}

const INPUTS = { text: {}, document: { inputMode: "numeric" }, mail: { type: "email" }, phone: { type: "tel" } } as const;

function Asked({ words, question, where, value, faults, onAnswer }: AskedProps) {
  const { kind } = question;
  const input = (happening: { currentTarget: HTMLInputElement | HTMLSelectElement }) => onAnswer(happening.currentTarget.value);
  if (kind === "checkbox") {
    return <Agreement {...{ words, question, where, value, faults, onAnswer }} />;
  }
  return (
    <Field words={words} where={where} label={question.label} isOptional={!question.required} faults={faults}>
      {(tied) =>
        kind === "choice" ? (
          <select {...tied} value={value} onChange={input}>
            <option value="">{words.say("details.choose")}</option>
            {question.options.map((option) => (
              <option key={option} value={option}>
                {option}
              </option>
            ))}
          </select>
        ) : (
          <input {...tied} {...INPUTS[kind]} autocomplete="off" maxLength={1000} value={value} onInput={input} />
        )
      }
    </Field>
  );
}

function Agreement({ words, question, where, value, faults, onAnswer }: AskedProps) {
  const id = fieldId(where);
  const fault = faults.find((one) => one.where === where);
  return (
    <div class="field">
      <label class="check">
        <input
          type="checkbox"
          id={id}
          checked={value === "yes"}
          aria-invalid={fault !== undefined}
          aria-describedby={fault === undefined ? undefined : `${id}-fault`}
          onChange={(happening) => onAnswer(happening.currentTarget.checked ? "yes" : "")}
        />
        <span>{question.label}</span>
      </label>
      {fault === undefined ? null : (
        <p class="fault" id={`${id}-fault`}>
          {faultWords(words, fault.code)}
        </p>
      )}
    </div>
  );
}
