import type { Money } from "../transport/wire";
import { en } from "./en";
import { es } from "./es";
import { pt } from "./pt";

/** What there is to say: every language has every key. `{name}` is filled in; of `key.one` and `key.other` the count decides. */
export type Catalogue = Readonly<Record<keyof typeof es, string>>;
export type Key = keyof typeof es;
type PluralKey<K> = K extends `${infer Stem}.other` ? Stem : never;
export type CountedKey = PluralKey<Key>;

export const CATALOGUES: Readonly<Record<string, Catalogue>> = { "es-AR": es, en, "pt-BR": pt };

/** How one language says and writes things, with times by the clock on the venue's wall. */
export class Words {
  private readonly catalogue: Catalogue;
  // Making a format costs a slow phone more than all that is written with it.
  private readonly amounts = new Map<string, Intl.NumberFormat>();
  private moments: Intl.DateTimeFormat | undefined;

  constructor(
    readonly language: string,
    private readonly timezone: string,
  ) {
    this.catalogue = CATALOGUES[language] ?? es;
  }

  say(key: Key, values: Readonly<Record<string, string | number>> = {}): string {
    return this.catalogue[key].replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
  }

  count(key: CountedKey, count: number, values: Readonly<Record<string, string | number>> = {}): string {
    return this.say(`${key}.${count === 1 ? "one" : "other"}` as Key, { count, ...values });
  }

  has(key: string): key is Key {
    return key in this.catalogue;
  }

  money({ minor, currency }: Money): string {
    const format = this.amounts.get(currency) ?? new Intl.NumberFormat(this.language, { style: "currency", currency });
    this.amounts.set(currency, format);
    return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
  }

  percent(basisPoints: number): string {
    return new Intl.NumberFormat(this.language, { style: "percent", maximumFractionDigits: 2 }).format(basisPoints / 10_000);
  }

  /** Seats in one line: `C-8, C-9`, none of them broken at its hyphen. */
  seats(labels: readonly string[]): string {
    return labels.map((label) => label.replaceAll("-", "\u2011")).join(", ");
  }

  /** `sábado, 28 de noviembre, 21:00` */
  moment(at: string): string {
    this.moments ??= new Intl.DateTimeFormat(this.language, {
      weekday: "long",
      day: "numeric",
      month: "long",
      hour: "numeric",
      minute: "2-digit",
      // CLDR has es-AR say "11:30 p. m."; posters, tickets and the server's pages there say 23:30.
      hourCycle: this.language === "en" ? "h12" : "h23",
      timeZone: this.timezone,
    });
    return this.moments.format(new Date(at));
  }
}
