import type { Offering } from "../../event";
import { ticketTypeOf } from "../../event";
import type { Words } from "../../language/words";
import type { Fault } from "../../transport/problem";
import type { Line } from "../../transport/wire";
import { Field } from "../../ui/field";
import { emptyHolder, type BuyerDraft, type HolderDraft } from "./checks";
import { HolderCard } from "./holder-card";

interface Props {
  readonly words: Words;
  readonly event: Offering;
  readonly lines: readonly Line[];
  readonly buyer: BuyerDraft;
  readonly holders: readonly HolderDraft[];
  readonly faults: readonly Fault[];
  readonly onBuyer: (buyer: BuyerDraft) => void;
  readonly onHolders: (holders: readonly HolderDraft[]) => void;
  readonly onContinue: () => void;
}

/** Who buys, and who goes in with each ticket. */
export function DetailsStep({ words, event, lines, buyer, holders, faults, onBuyer, onHolders, onContinue }: Props) {
  const submit = (happening: Event) => {
    happening.preventDefault();
    onContinue();
  };
  const places = lines.flatMap((line) =>
    Array.from({ length: line.quantity }, (_, unit) => ({ typeId: line.ticket_type_id, seat: line.seats[unit] ?? null })),
  );
  const change = (index: number, holder: HolderDraft) => {
    onHolders(places.map((_, at) => (at === index ? holder : (holders[at] ?? emptyHolder(at)))));
  };
  return (
    <form onSubmit={submit} noValidate class="stack-wide">
      <BuyerFields {...{ words, buyer, faults, onBuyer }} />
      <section aria-labelledby="holders" class="stack">
        <h3 id="holders">{words.say("details.holders")}</h3>
        {places.map((place, index) => (
          <HolderCard
            key={index}
            {...{ words, event, index, buyer, faults }}
            ticketTypeId={place.typeId}
            name={ticketTypeOf(event, place.typeId)?.name ?? ""}
            seat={place.seat}
            holder={holders[index] ?? emptyHolder(index)}
            onChange={(holder) => change(index, holder)}
          />
        ))}
      </section>
      <button class="button wide" type="submit">
        {words.say("details.continue")}
      </button>
    </form>
  );
}

function BuyerFields({ words, buyer, faults, onBuyer }: Pick<Props, "words" | "buyer" | "faults" | "onBuyer">) {
  const set = (field: keyof BuyerDraft) => (happening: { currentTarget: HTMLInputElement }) =>
    onBuyer({ ...buyer, [field]: happening.currentTarget.value });
  return (
    <section aria-labelledby="buyer" class="stack">
      <h3 id="buyer">{words.say("details.buyer")}</h3>
      <Field words={words} where="buyer/name" label={words.say("details.name")} faults={faults}>
        {(tied) => <input {...tied} autocomplete="name" maxLength={200} value={buyer.name} onInput={set("name")} />}
      </Field>
      <Field words={words} where="buyer/mail" label={words.say("details.mail")} hint={words.say("details.mail_hint")} faults={faults}>
        {(tied) => <input {...tied} type="email" autocomplete="email" maxLength={254} value={buyer.mail} onInput={set("mail")} />}
      </Field>
      <div class="pair">
        <Field
          words={words}
          where="buyer/document"
          label={words.say("details.document")}
          hint={words.say("details.document_hint")}
          isOptional
          faults={faults}
        >
          {(tied) => (
            <input {...tied} inputMode="numeric" autocomplete="off" maxLength={20} value={buyer.document} onInput={set("document")} />
          )}
        </Field>
        <Field words={words} where="buyer/phone" label={words.say("details.phone")} isOptional faults={faults}>
          {(tied) => <input {...tied} type="tel" autocomplete="tel" maxLength={30} value={buyer.phone} onInput={set("phone")} />}
        </Field>
      </div>
    </section>
  );
}
