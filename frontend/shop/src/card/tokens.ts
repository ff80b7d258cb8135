import type { CardData, CardField } from "./checks";

/** What may be known of a card here, and is sent to our server. */
export interface Token {
  readonly id: string;
  readonly bin: string;
  readonly last_four_digits: string;
}

/** The gateway does not take this card's data; the fields that it names, if it does. */
export class CardRefused extends Error {
  constructor(readonly fields: readonly CardField[]) {
    super("the gateway takes no such card");
  }
}

const WAIT_MS = 20_000;
const FIELD_OF: Readonly<Record<string, CardField>> = {
  card_number: "number",
  card_expiration_month: "expiry",
  card_expiration_year: "expiry",
  security_code: "code",
  card_holder_name: "holder",
  "card_holder_identification.number": "document",
};

/** Have the gateway make a token of the card: the one request that carries its number, and it does not go to us. */
export async function makeToken(url: string, publicKey: string, card: CardData): Promise<Token> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { apikey: publicKey, "content-type": "application/json" },
    body: JSON.stringify({
      card_number: card.number,
      card_expiration_month: card.month,
      card_expiration_year: card.year,
      security_code: card.code,
      card_holder_name: card.holder,
      card_holder_identification: { type: "dni", number: card.document },
    }),
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal: AbortSignal.timeout(WAIT_MS),
  });
  if (answer.status === 400) {
    throw new CardRefused(await fieldsOf(answer));
  }
  const token = (await answer.json()) as Partial<Token>;
  if (!answer.ok || token.id === undefined || token.bin === undefined || token.last_four_digits === undefined) {
    throw new Error(`the gateway answered ${answer.status}`);
  }
  return { id: token.id, bin: token.bin, last_four_digits: token.last_four_digits };
}

async function fieldsOf(answer: Response): Promise<CardField[]> {
  try {
    const { validation_errors: faults } = (await answer.json()) as { validation_errors?: readonly { param?: string }[] };
    return (faults ?? []).map((fault) => FIELD_OF[fault.param ?? ""]).filter((field) => field !== undefined);
  } catch {
    return [];
  }
}
