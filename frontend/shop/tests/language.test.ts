import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { problemWords } from "../src/language/problem-words";
import { CATALOGUES, Words } from "../src/language/words";
import { Problem } from "../src/transport/problem";

const SOURCE = join(import.meta.dirname, "../src");
const keys = Object.keys(CATALOGUES["es-AR"] ?? {});
const languages = Object.keys(CATALOGUES);

function holes(text: string): string[] {
  return [...text.matchAll(/\{(\w+)\}/g)].map((found) => found[1] ?? "").sort();
}

test.each(languages)("%s says everything, with the same to fill in", (language) => {
  const catalogue = (CATALOGUES[language] ?? {}) as Record<string, string>;

  expect(Object.keys(catalogue).sort()).toEqual([...keys].sort());
  for (const key of keys) {
    expect(catalogue[key], key).toBeTruthy();
    // “1 left” need not fill in the 1.
    if (!key.endsWith(".one")) {
      expect(holes(catalogue[key] ?? ""), key).toEqual(holes((CATALOGUES["es-AR"] as Record<string, string>)[key] ?? ""));
    }
  }
});

test("nothing is shouted", () => {
  const shouted = languages.flatMap((one) => Object.values(CATALOGUES[one] ?? {})).filter((text) => /[!¡]/.test(text));

  expect(shouted).toEqual([]);
});

test("everything that there is to say is said somewhere", () => {
  const code = readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("language/"))
    .map((name) => readFileSync(join(SOURCE, name), "utf8"))
    .join("\n");
  const isMade = (key: string) => /^(problem|fault|steps|lost\.title_|selection\.(sold_out|not_yet|over)$|(selection|details|summary)\.title$)/.test(key);

  expect(keys.filter((key) => !isMade(key) && !code.includes(`"${key.replace(/\.(one|other)$/, "")}"`))).toEqual([]);
});

/** What the routes that the checkout calls may refuse with (docs/problems.md). */
const REFUSALS = [
  "access-code-needed",
  "attempts-exhausted",
  "event-not-found",
  "hold-conflict",
  "hold-gone",
  "hold-taken",
  "holders-invalid",
  "invalid-request",
  "limit-exceeded",
  "no-payment-account",
  "not-on-sale",
  "order-conflict",
  "order-not-found",
  "order-not-open",
  "overloaded",
  "payment-changed",
  "payment-closed",
  "payment-option-gone",
  "performance-not-found",
  "seats-mismatched",
  "seats-taken",
  "selection-invalid",
  "sold-out",
  "stock-not-ready",
  "ticket-type-not-found",
  "too-many-holds",
  "too-many-tries",
  "unavailable",
  "unexpected",
  "unstorable-text",
];

test.each(REFUSALS)("%s is told in words of its own", (type) => {
  const documented = readFileSync(join(import.meta.dirname, "../../../docs/problems.md"), "utf8");

  expect(documented).toContain(`\`/problems/${type}\``);
  expect(keys).toContain(`problem.${type}`);
});

test("a reason is told more nearly, and what is unknown is told as such", () => {
  const words = new Words("en", "America/Argentina/Buenos_Aires");
  const told = (type: string, members: Record<string, unknown>) => problemWords(words, new Problem(type, 409, members, null));

  expect(told("not-on-sale", { reason: "not_yet", since: "2026-12-11T00:00:00Z" })).toContain("Thursday, December 10");
  expect(told("limit-exceeded", { scope: "buyer", limit: 6 })).toContain("earlier purchases");
  expect(told("never-heard-of", {})).toContain("never-heard-of");
});

test("amounts and times are written as the language's readers write them, by the clock of the venue", () => {
  const spanish = new Words("es-AR", "America/Argentina/Buenos_Aires");

  expect(spanish.money({ minor: 1_250_000, currency: "ARS" })).toBe("$\u00a012.500,00");
  expect(spanish.money({ minor: 500, currency: "CLP" })).toContain("500");
  expect(spanish.moment("2026-11-29T00:30:00Z")).toBe("sábado, 28 de noviembre, 21:30");
});
