import { beginningOf } from "./ranges";

/** Where a form charges: the key makes the token, and the attempt names its account. They change together, and are sent together. */
export interface Account {
  readonly attempt: string;
  readonly tokensUrl: string;
  readonly publicKey: string;
}

const WAIT_MS = 3_000;

/**
 * Which account takes the card, where the organizer's rules may ask how it begins: asked once six digits are typed, and again when they
 * become others. Six digits are sent and no more. What was typed stays; without an answer the form stays as it is, and charges so.
 */
export class AccountDesk {
  private asked = "";
  private asking: Promise<void> = Promise.resolve();

  /** `changed` is called when the form has become another account's. */
  constructor(
    private readonly form: HTMLFormElement,
    private readonly changed: () => void,
  ) {}

  /** Asks, where there is something to ask for that was not asked just now. */
  look(number: string): void {
    const path = this.form.dataset["asks"];
    const beginning = beginningOf(number);
    if (path === undefined || beginning === this.asked) {
      return;
    }
    this.asked = beginning;
    if (beginning === "") {
      showElsewhere(null, "");
      return;
    }
    this.asking = this.ask(path, beginning);
  }

  /** The account that the form charges at, once that is settled; null where the card is taken elsewhere. */
  async account(): Promise<Account | null> {
    await this.asking;
    const { attempt = "", tokensUrl = "", publicKey = "" } = this.form.dataset;
    return document.getElementById("card-rest")?.hidden === true ? null : { attempt, tokensUrl, publicKey };
  }

  private async ask(path: string, beginning: string): Promise<void> {
    try {
      const answer = await fetch(path, { method: "POST", body: new URLSearchParams({ card_bin: beginning }), signal: AbortSignal.timeout(WAIT_MS) });
      const page = answer.status === 200 ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
      if (this.asked === beginning) {
        this.show(page, beginning);
      }
    } catch {
      // The next digit asks again.
      this.asked = this.asked === beginning ? "" : this.asked;
    }
  }

  private show(page: Document | null, beginning: string): void {
    const fresh = page?.querySelector<HTMLFormElement>("#card-form") ?? null;
    showElsewhere(fresh === null ? (page?.getElementById("card-elsewhere") ?? null) : null, beginning);
    if (fresh !== null && fresh.dataset["attempt"] !== this.form.dataset["attempt"]) {
      becomeLike(this.form, fresh);
      this.changed();
    }
  }
}

/** Another account's key, attempt and choices with what they cost; the buyer keeps what they chose where it is there too. */
function becomeLike(form: HTMLFormElement, fresh: HTMLFormElement): void {
  for (const name of ["attempt", "tokensUrl", "publicKey"]) {
    form.dataset[name] = fresh.dataset[name] ?? "";
  }
  const plans = fresh.querySelector("#card-plans");
  if (plans !== null) {
    form.querySelector("#card-plans")?.replaceChildren(...[...plans.children].map((child) => document.importNode(child, true)));
  }
  for (const id of ["card-method", "card-installments"]) {
    const before = form.querySelector<HTMLSelectElement>(`#${id}`);
    const after = fresh.querySelector<HTMLSelectElement>(`#${id}`);
    if (before === null || after === null) {
      continue;
    }
    const chosen = before.value;
    before.replaceChildren(...[...after.options].map((option) => document.importNode(option, true)));
    if ([...before.options].some((option) => option.value === chosen)) {
      before.value = chosen;
    }
  }
}

/** In the place of the form's rest: where the card is taken, or that it is not. */
function showElsewhere(told: HTMLElement | null, beginning: string): void {
  const place = document.getElementById("card-elsewhere");
  const rest = document.getElementById("card-rest");
  const way = document.querySelector<HTMLFormElement>("#card-elsewhere-form");
  if (place === null || rest === null || way === null) {
    return;
  }
  place.replaceChildren(...[...(told?.children ?? [])].map((child) => document.importNode(child, true)));
  place.hidden = told === null;
  rest.hidden = told !== null;
  for (const [name, value] of [
    ["option_id", told?.dataset["option"] ?? ""],
    ["card_bin", beginning],
  ] as const) {
    (way.elements.namedItem(name) as HTMLInputElement).value = value;
  }
}
