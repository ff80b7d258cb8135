import { AccountDesk } from "./accounts";
import { brandOf, cardOf, grouped, type CardField } from "./checks";
import { plansOf, shownPlans } from "./plans";
import { promotionsOf, shownPromotions, type Promotion } from "./promotions";
import { CardRefused, makeToken } from "./tokens";

const FIELDS: readonly CardField[] = ["number", "expiry", "code", "holder", "document"];

/**
 * The form for a card, on the page of its order. What is typed has no name, so the form cannot send it; only the token goes to us, with
 * the digits that tell the bank and the buyer which card it was.
 */
export function openCardForm(): void {
  const form = document.querySelector<HTMLFormElement>("#card-form");
  if (form === null) {
    return;
  }
  form.hidden = false;
  const promotions = shownPromotions(form);
  const look = () => {
    const fitting = promotionsOf(promotions, input("number").value, select(form, "method").selectedOptions[0]?.dataset["kind"] ?? "");
    offerInstallments(form, fitting);
    tellPromotion(form, fitting);
    tellPlans(form, fitting);
  };
  select(form, "method").addEventListener("change", look);
  select(form, "installments").addEventListener("change", look);
  const number = input("number");
  const lookAnew = () => {
    chooseMethod(form, number.value);
    look();
  };
  const desk = new AccountDesk(form, lookAnew);
  number.addEventListener("input", () => {
    lookAnew();
    desk.look(number.value);
  });
  number.addEventListener("blur", () => {
    number.value = grouped(number.value);
  });
  look();
  // A browser may have kept what was typed.
  desk.look(number.value);
  form.addEventListener("submit", (happening) => {
    happening.preventDefault();
    void pay(form, desk);
  });
}

async function pay(form: HTMLFormElement, desk: AccountDesk): Promise<void> {
  const button = payButton(form);
  if (button === null || button.getAttribute("aria-disabled") === "true") {
    return;
  }
  tell(form, [], null);
  const [number, expiry, code, holder, typed] = FIELDS.map((field) => input(field).value) as [string, string, string, string, string];
  const card = cardOf({ number, expiry, code, holder, document: typed }, new Date());
  if (Array.isArray(card)) {
    tell(form, card, null);
    return;
  }
  setBusy(button, true);
  try {
    const account = await desk.account();
    if (account === null) {
      setBusy(button, false);
      return;
    }
    const token = await makeToken(account.tokensUrl, account.publicKey, card);
    hidden(form, "attempt_id").value = account.attempt;
    hidden(form, "token").value = token.id;
    hidden(form, "bin").value = token.bin;
    hidden(form, "last_four").value = token.last_four_digits;
    // Whoever comes back to this page finds no card in it.
    input("number").value = input("code").value = "";
    form.submit();
  } catch (fault) {
    setBusy(button, false);
    tell(form, fault instanceof CardRefused ? fault.fields : [], fault instanceof CardRefused ? "refused" : "unreachable");
  }
}

/** Faults beside their fields, the first of which gets the focus; trouble with the whole above them. */
function tell(form: HTMLFormElement, faults: readonly CardField[], trouble: "refused" | "unreachable" | null): void {
  for (const field of FIELDS) {
    const isWrong = faults.includes(field);
    const control = input(field);
    const fault = document.getElementById(`card-${field}-fault`);
    if (fault !== null) {
      fault.hidden = !isWrong;
    }
    control.toggleAttribute("aria-invalid", false);
    control.removeAttribute("aria-describedby");
    if (isWrong) {
      control.setAttribute("aria-invalid", "true");
      control.setAttribute("aria-describedby", `card-${field}-fault`);
    }
  }
  for (const one of form.querySelectorAll<HTMLElement>("[data-trouble]")) {
    one.hidden = one.dataset["trouble"] !== trouble || faults.length > 0;
  }
  const [first] = FIELDS.filter((field) => faults.includes(field));
  if (first !== undefined) {
    input(first).focus();
  } else if (trouble !== null) {
    form.querySelector<HTMLElement>("[data-trouble]:not([hidden])")?.focus();
  }
}

/** The number's beginning tells the brand; of its kinds of card the buyer keeps the one that they chose. */
function chooseMethod(form: HTMLFormElement, number: string): void {
  const method = select(form, "method");
  const brand = brandOf(number);
  if (brand === null || method.selectedOptions[0]?.dataset["brand"] === brand) {
    return;
  }
  const fitting = [...method.options].find((option) => option.dataset["brand"] === brand);
  if (fitting !== undefined) {
    method.value = fitting.value;
  }
}

/** The first promotion that fits with these instalments is the one that counts: it is sent with the card, and the button says its amount. */
function tellPromotion(form: HTMLFormElement, fitting: readonly Promotion[]): void {
  const count = select(form, "installments").value;
  const found = fitting.find((one) => one.installments.includes(count));
  hidden(form, "promotion_id").value = found?.id ?? "";
  for (const one of form.querySelectorAll<HTMLElement>("[data-promotion]")) {
    one.toggleAttribute("data-holds", one.dataset["promotion"] === found?.id);
  }
  const told = document.getElementById("card-promotion");
  if (told !== null) {
    told.hidden = found === undefined;
    told.textContent = found === undefined ? "" : (told.dataset["words"] ?? "").replace("{name}", found.name);
  }
  const button = payButton(form);
  if (button !== null && button.getAttribute("aria-disabled") !== "true") {
    button.dataset["whole"] ??= button.textContent ?? "";
    button.textContent = found?.pay ?? button.dataset["whole"];
  }
}

/**
 * What instalments cost, for each number that is offered with interest and stated; the total of the chosen one is sent with the card. Where a
 * promotion holds for a number its own words count, and where nothing is stated the hint says to ask.
 */
function tellPlans(form: HTMLFormElement, fitting: readonly Promotion[]): void {
  const installments = select(form, "installments");
  const isFree = (count: string) => fitting.some((one) => one.installments.includes(count));
  const offered = [...installments.options].filter((option) => !option.disabled).map((option) => option.value);
  const all = shownPlans(form).filter((one) => offered.includes(one.count) && !isFree(one.count));
  const plans = plansOf(all, input("number").value, select(form, "method").value);
  for (const { line } of shownPlans(form)) {
    line.hidden = true;
  }
  for (const one of plans.values()) {
    one.line.hidden = false;
    one.line.toggleAttribute("data-chosen", one.count === installments.value);
  }
  for (const option of installments.options) {
    option.dataset["plain"] ??= option.text;
    option.text = plans.get(option.value)?.label ?? option.dataset["plain"];
  }
  show("card-plans", plans.size > 0);
  hidden(form, "told_minor").value = plans.get(installments.value)?.told ?? "";
  const isSaid = (count: string) => count === "1" || isFree(count) || plans.has(count);
  show("card-installments-hint", !(installments.value === "1" ? offered.every(isSaid) : isSaid(installments.value)));
}

/** What the kind of card offers, and the card's promotions. */
function offerInstallments(form: HTMLFormElement, fitting: readonly Promotion[]): void {
  const ofMethod = (select(form, "method").selectedOptions[0]?.dataset["installments"] ?? "1").split(" ");
  const offered = [...ofMethod, ...fitting.flatMap((one) => one.installments)];
  const installments = select(form, "installments");
  for (const option of installments.options) {
    option.hidden = option.disabled = !offered.includes(option.value);
  }
  if (!offered.includes(installments.value)) {
    installments.value = offered[0] ?? "1";
  }
  const field = installments.closest<HTMLElement>(".field");
  if (field !== null) {
    field.hidden = offered.length < 2;
  }
}

function show(id: string, isShown: boolean): void {
  const element = document.getElementById(id);
  if (element !== null) {
    element.hidden = !isShown;
  }
}

function setBusy(button: HTMLButtonElement, isBusy: boolean): void {
  const words = button.textContent;
  button.setAttribute("aria-disabled", String(isBusy));
  button.textContent = button.dataset["other"] ?? words;
  button.dataset["other"] = words ?? "";
}

/** The one that pays by this form; where the card is taken elsewhere there is another one. */
function payButton(form: HTMLFormElement): HTMLButtonElement | null {
  return form.querySelector<HTMLButtonElement>("#card-rest button");
}

function input(field: CardField): HTMLInputElement {
  return document.getElementById(`card-${field}`) as HTMLInputElement;
}

function select(form: HTMLFormElement, name: string): HTMLSelectElement {
  return form.elements.namedItem(name) as HTMLSelectElement;
}

function hidden(form: HTMLFormElement, name: string): HTMLInputElement {
  return form.elements.namedItem(name) as HTMLInputElement;
}
