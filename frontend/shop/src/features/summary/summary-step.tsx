import { useState } from "preact/hooks";
import type { PaymentOption } from "../../event";
import type { Words } from "../../language/words";
import type { Fault } from "../../transport/problem";
import type { Buyer, Holder, Quote } from "../../transport/wire";
import { faultWords, fieldId } from "../../ui/field";

interface Props {
  readonly words: Words;
  readonly quote: Quote;
  readonly when: string;
  readonly buyer: Buyer;
  readonly holders: readonly Holder[];
  readonly options: readonly PaymentOption[];
  readonly optionId: string | null;
  readonly paths: { readonly terms: string; readonly privacy: string };
  readonly faults: readonly Fault[];
  readonly busy: "ordering" | "leaving" | null;
  readonly onOption: (optionId: string) => void;
  readonly onPlaces: () => void;
  readonly onDetails: () => void;
  readonly onPay: (hasConsented: boolean) => void;
}

/** Everything once more before paying; what is not right leads back to where it is changed. */
export function SummaryStep(props: Props) {
  const { words, quote, faults, busy, paths, onPay } = props;
  const [hasConsented, setConsented] = useState(false);
  const fault = faults.find((one) => one.where === "consent");
  const id = fieldId("consent");
  const submit = (happening: Event) => {
    happening.preventDefault();
    onPay(hasConsented);
  };
  return (
    <form onSubmit={submit} noValidate class="stack-wide">
      <Places {...props} />
      <Details {...props} />
      {quote.totals.total.minor > 0 ? <Options {...props} /> : null}
      <div class="field">
        <label class="check">
          <input
            type="checkbox"
            id={id}
            checked={hasConsented}
            aria-invalid={fault !== undefined}
            aria-describedby={fault === undefined ? undefined : `${id}-fault`}
            onChange={(happening) => setConsented(happening.currentTarget.checked)}
          />
          <span>
            {words.say("summary.consent_before")}{" "}
            <a href={paths.terms} target="_blank" rel="noopener">
              {words.say("summary.consent_terms")}
            </a>{" "}
            {words.say("summary.consent_and")}{" "}
            <a href={paths.privacy} target="_blank" rel="noopener">
              {words.say("summary.consent_privacy")}
            </a>
            .
          </span>
        </label>
        {fault === undefined ? null : (
          <p class="fault" id={`${id}-fault`}>
            {faultWords(words, fault.code)}
          </p>
        )}
      </div>
      <div class="stack">
        <button class="button wide pay" type="submit" aria-disabled={busy !== null}>
          {payWords(words, quote, chosenOf(props), busy)}
        </button>
        {quote.totals.total.minor > 0 ? <p class="small soft centred">{words.say(nextWords(chosenOf(props)))}</p> : null}
      </div>
    </form>
  );
}

function chosenOf({ options, optionId }: Props): PaymentOption | undefined {
  return options.find((one) => one.option_id === optionId) ?? options[0];
}

function isBroughtLater(option: PaymentOption | undefined): boolean {
  return typeof option?.pay_within_hours === "number";
}

function nextWords(option: PaymentOption | undefined): "summary.nothing_charged" | "summary.instructions_next" {
  return isBroughtLater(option) ? "summary.instructions_next" : "summary.nothing_charged";
}

function payWords(words: Words, quote: Quote, option: PaymentOption | undefined, busy: Props["busy"]): string {
  const { total } = quote.totals;
  const isLater = total.minor > 0 && isBroughtLater(option);
  if (busy !== null) {
    return words.say(isLater ? "summary.reserving" : busy === "leaving" ? "summary.leaving" : "summary.ordering");
  }
  if (isLater) {
    return words.say("summary.reserve");
  }
  return total.minor === 0 ? words.say("summary.confirm_free") : words.say("summary.pay", { amount: words.money(total) });
}

function Places({ words, quote, when, onPlaces }: Props) {
  return (
    <section class="review" aria-labelledby="review-places">
      <h3 id="review-places">{words.say("summary.places")}</h3>
      <p class="soft">{when}</p>
      <ul>
        {quote.lines.map((line) => (
          <li key={line.ticket_type_id}>
            {line.quantity} × {line.name}
            {line.seats.length > 0 ? <span class="soft"> · {words.seats(line.seats)}</span> : null}
          </li>
        ))}
      </ul>
      <button type="button" class="link" onClick={onPlaces}>
        {words.say("summary.change_places")}
      </button>
    </section>
  );
}

function Details({ words, buyer, holders, onDetails }: Props) {
  const others = [...new Set(holders.map((one) => one.name).filter((name) => name !== buyer.name))];
  return (
    <section class="review" aria-labelledby="review-details">
      <h3 id="review-details">{words.say("summary.buyer")}</h3>
      <p class="wrap">{buyer.name}</p>
      {others.map((name) => (
        <p key={name} class="wrap">
          {name}
        </p>
      ))}
      <p class="soft wrap">{words.say("summary.mail_goes", { mail: buyer.mail })}</p>
      <button type="button" class="link" onClick={onDetails}>
        {words.say("summary.change_details")}
      </button>
    </section>
  );
}

function Options({ words, options, optionId, onOption }: Props) {
  const [first] = options;
  if (options.length < 2) {
    return first === undefined ? null : (
      <section class="review" aria-labelledby="review-payment">
        <h3 id="review-payment">{words.say("summary.payment")}</h3>
        <p>
          <Option words={words} option={first} />
        </p>
      </section>
    );
  }
  return (
    <fieldset class="choices">
      <legend>{words.say("summary.payment")}</legend>
      {options.map((option) => (
        <label key={option.option_id} class="choice">
          <input
            type="radio"
            name="option"
            checked={(optionId ?? first?.option_id) === option.option_id}
            onChange={() => onOption(option.option_id)}
          />
          <span>
            <Option words={words} option={option} />
          </span>
        </label>
      ))}
    </fieldset>
  );
}

/** What the organizer calls it, how long there is where paying takes hours, and what banks offer for their cards. */
function Option({ words, option }: { readonly words: Words; readonly option: PaymentOption }) {
  return (
    <>
      {option.label}
      {option.pay_within_hours === null ? null : (
        <span class="option-within small soft">{words.count("summary.within", option.pay_within_hours)}</span>
      )}
      {option.promotions.map((one) => (
        <span key={`${one.name} ${one.says}`} class="option-within small soft">
          {one.name}: {one.says}
        </span>
      ))}
    </>
  );
}
