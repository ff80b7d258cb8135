import { questionsOf, type Offering, type Question } from "../../event";
import type { Fault } from "../../transport/problem";
import type { Buyer, Holder, Line } from "../../transport/wire";

/** What was typed about one ticket's holder. */
export interface HolderDraft {
  readonly isBuyer: boolean;
  readonly name: string;
  readonly document: string;
  readonly answers: Readonly<Record<string, string>>;
}

export interface BuyerDraft {
  readonly name: string;
  readonly mail: string;
  readonly document: string;
  readonly phone: string;
}

export const EMPTY_BUYER: BuyerDraft = { name: "", mail: "", document: "", phone: "" };

/** The first ticket is the buyer's own, until they say otherwise. */
export function emptyHolder(index: number): HolderDraft {
  return { isBuyer: index === 0, name: "", document: "", answers: {} };
}

/** The ticket type of each place, in the order in which the server counts them. */
export function ticketTypesOfPlaces(lines: readonly Line[]): string[] {
  return lines.flatMap((line) => Array.from({ length: line.quantity }, () => line.ticket_type_id));
}

// As the server checks (orders/rules.py), so that a fault is told before anything is sent. The server decides.
const MAIL = /^[^@\s,;<>"]{1,64}@[^@\s.,;<>"]+(?:\.[^@\s.,;<>"]+)+$/;
const DOCUMENT = /^\d{7,8}$/;
const PHONE = /^\+?[\d\s().-]{6,24}$/;

export function tidyDocument(text: string): string {
  return text.replace(/[\s.]/g, "");
}

export function buyerOf(draft: BuyerDraft, locale: string): Buyer {
  return {
    name: draft.name.trim(),
    mail: draft.mail.trim(),
    document: tidyDocument(draft.document) || null,
    phone: draft.phone.trim() || null,
    locale,
  };
}

/** What the buyer's own data answer by themselves, when a ticket is the buyer's. */
export function answeredByBuyer(question: Question, buyer: BuyerDraft): string {
  const own = { document: tidyDocument(buyer.document), mail: buyer.mail.trim(), phone: buyer.phone.trim() };
  return question.kind in own ? own[question.kind as keyof typeof own] : "";
}

export function holderOf(event: Offering, ticketTypeId: string, holder: HolderDraft, buyer: BuyerDraft): Holder {
  const answers: Record<string, string> = {};
  for (const question of questionsOf(event, ticketTypeId)) {
    const answer = answerOf(question, holder, buyer);
    if (answer !== "") {
      answers[question.key] = answer;
    }
  }
  const own = holder.isBuyer ? buyer : { name: holder.name, document: holder.document, mail: "" };
  return { name: own.name.trim(), mail: own.mail.trim() || null, document: tidyDocument(own.document) || null, answers };
}

export function answerOf(question: Question, holder: HolderDraft, buyer: BuyerDraft): string {
  const typed = (holder.answers[question.key] ?? "").trim();
  return typed === "" && holder.isBuyer ? answeredByBuyer(question, buyer) : typed;
}

/** Every fault of what was typed, in the order of the page. */
export function detailFaults(event: Offering, lines: readonly Line[], buyer: BuyerDraft, holders: readonly HolderDraft[]): Fault[] {
  const faults = buyerFaults(buyer);
  ticketTypesOfPlaces(lines).forEach((ticketTypeId, index) => {
    const holder = holders[index] ?? emptyHolder(index);
    if (!holder.isBuyer) {
      faults.push(...nameFaults(holder.name, `holders/${index}/name`), ...documentFaults(holder.document, `holders/${index}/document`));
    }
    for (const question of questionsOf(event, ticketTypeId)) {
      faults.push(...answerFaults(question, answerOf(question, holder, buyer), `holders/${index}/answers/${question.key}`));
    }
  });
  return faults;
}

function buyerFaults(buyer: BuyerDraft): Fault[] {
  const faults = nameFaults(buyer.name, "buyer/name");
  if (!MAIL.test(buyer.mail.trim())) {
    faults.push({ where: "buyer/mail", code: buyer.mail.trim() === "" ? "required" : "mail" });
  }
  faults.push(...documentFaults(buyer.document, "buyer/document"));
  if (buyer.phone.trim() !== "" && !PHONE.test(buyer.phone.trim())) {
    faults.push({ where: "buyer/phone", code: "phone" });
  }
  return faults;
}

function nameFaults(name: string, where: string): Fault[] {
  return name.trim() === "" ? [{ where, code: "required" }] : [];
}

function documentFaults(document: string, where: string): Fault[] {
  const tidy = tidyDocument(document);
  return tidy !== "" && !DOCUMENT.test(tidy) ? [{ where, code: "document" }] : [];
}

function answerFaults(question: Question, answer: string, where: string): Fault[] {
  if (answer === "") {
    return question.required ? [{ where, code: "required" }] : [];
  }
  const fits: Record<Question["kind"], boolean> = {
    text: true,
    choice: question.options.includes(answer),
    document: DOCUMENT.test(tidyDocument(answer)),
    mail: MAIL.test(answer),
    phone: PHONE.test(answer),
    checkbox: answer === "yes" || !question.required,
  };
  return fits[question.kind] ? [] : [{ where, code: question.kind === "checkbox" ? "required" : question.kind }];
}
