/** What the buyer typed about a card, as they typed it. */
export interface Typed {
  readonly number: string;
  readonly expiry: string;
  readonly code: string;
  readonly holder: string;
  readonly document: string;
}

/** A card as the gateway wants it. */
export interface CardData {
  readonly number: string;
  readonly month: string;
  readonly year: string;
  readonly code: string;
  readonly holder: string;
  readonly document: string;
}

export type CardField = keyof Typed;

const BRANDS: readonly (readonly [brand: string, starts: RegExp])[] = [
  ["American Express", /^3[47]/],
  ["Cabal", /^(589657|604[2-9]|650(08[7-9]|09))/],
  ["Maestro", /^(50[0-9]|5018|5020|5038|6304|67)/],
  ["Mastercard", /^(5[1-5]|2(22[1-9]|2[3-9]|[3-6]|7[01]|720))/],
  ["Visa", /^4/],
];

/** The card, or the fields that are wrong, in the order of the page. It is only looked at to tell sooner: the gateway decides. */
export function cardOf(typed: Typed, today: Date): CardData | CardField[] {
  const number = digitsOf(typed.number);
  const document = digitsOf(typed.document);
  const code = typed.code.trim();
  const holder = typed.holder.trim();
  const expiry = expiryOf(typed.expiry);
  const faults: CardField[] = [];
  if (!isNumber(number)) {
    faults.push("number");
  }
  if (expiry === null || isPast(expiry, today)) {
    faults.push("expiry");
  }
  if (!(brandOf(number) === "American Express" ? /^\d{4}$/ : /^\d{3,4}$/).test(code)) {
    faults.push("code");
  }
  if (holder.length < 2) {
    faults.push("holder");
  }
  if (!/^\d{6,11}$/.test(document)) {
    faults.push("document");
  }
  return expiry === null || faults.length > 0 ? faults : { number, month: expiry.month, year: expiry.year, code, holder, document };
}

/** The brand of a number, as far as its beginning tells; whether it is a credit or a debit card it does not. */
export function brandOf(number: string): string | null {
  return BRANDS.find(([, starts]) => starts.test(digitsOf(number)))?.[0] ?? null;
}

/** A number in groups, as it stands on the card. */
export function grouped(number: string): string {
  const digits = digitsOf(number).slice(0, 19);
  const sizes = brandOf(digits) === "American Express" ? /^(\d{1,4})(\d{1,6})?(\d{1,9})?$/ : /(\d{1,4})/g;
  const parts = sizes.global ? digits.match(sizes) : sizes.exec(digits)?.slice(1);
  return (parts ?? []).filter(Boolean).join(" ");
}

/** Its last digit checks the others (ISO/IEC 7812-1). */
export function isNumber(digits: string): boolean {
  if (!/^\d{13,19}$/.test(digits)) {
    return false;
  }
  const sum = [...digits].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (1 + (place % 2));
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

function digitsOf(text: string): string {
  return text.replace(/[\s.-]/g, "");
}

function expiryOf(text: string): { month: string; year: string } | null {
  const found = /^\s*(0?[1-9]|1[0-2])\s*[/.\-\s]?\s*(?:20)?(\d{2})\s*$/.exec(text);
  return found === null ? null : { month: (found[1] ?? "").padStart(2, "0"), year: found[2] ?? "" };
}

function isPast({ month, year }: { month: string; year: string }, today: Date): boolean {
  return (2000 + Number(year)) * 12 + Number(month) < today.getFullYear() * 12 + today.getMonth() + 1;
}
