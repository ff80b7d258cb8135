import { expect, test } from "vitest";
import { detailFaults, EMPTY_BUYER, holderOf, type BuyerDraft, type HolderDraft } from "../src/features/details/checks";
import { line, OFFERING } from "./offering";

const JULIA: BuyerDraft = { name: "Julia Ríos", mail: "julia@example.com", document: "30.123.456", phone: "" };
const mine: HolderDraft = { isBuyer: true, name: "", document: "", answers: {} };
const other = (change: Partial<HolderDraft>): HolderDraft => ({ isBuyer: false, name: "Bruno Paz", document: "", answers: {}, ...change });

test("nothing typed is a fault of each field that is needed, in the order of the page", () => {
  const faults = detailFaults(OFFERING, [line("stalls", 2)], EMPTY_BUYER, []);

  expect(faults.map((one) => `${one.where} ${one.code}`)).toEqual([
    "buyer/name required",
    "buyer/mail required",
    "holders/0/answers/dni required",
    "holders/1/name required",
    "holders/1/answers/dni required",
  ]);
});

test.each([
  ["julia", "mail"],
  ["julia@", "mail"],
  ["julia@casa", "mail"],
  ["ju lia@example.com", "mail"],
])("%s is no mail address", (mail, code) => {
  expect(detailFaults(OFFERING, [line("pullman", 1)], { ...JULIA, mail }, [mine])).toEqual([{ where: "buyer/mail", code }]);
});

test.each(["1234567", "12345678", "12.345.678", " 12 345 678 "])("%s is a DNI", (document) => {
  expect(detailFaults(OFFERING, [line("pullman", 1)], { ...JULIA, document }, [mine])).toEqual([]);
});

test.each(["123456", "123456789", "AB123456"])("%s is none", (document) => {
  expect(detailFaults(OFFERING, [line("pullman", 1)], { ...JULIA, document }, [mine])).toEqual([{ where: "buyer/document", code: "document" }]);
});

test("the buyer's own ticket is answered by the buyer's data", () => {
  expect(detailFaults(OFFERING, [line("stalls", 1)], JULIA, [mine])).toEqual([]);
  expect(holderOf(OFFERING, "stalls", mine, JULIA)).toEqual({
    name: "Julia Ríos",
    mail: "julia@example.com",
    document: "30123456",
    answers: { dni: "30123456" },
  });
});

test("somebody else's ticket has a name and answers of its own", () => {
  const holder = other({ answers: { dni: "20.111.222", menu: "vegano" } });

  expect(detailFaults(OFFERING, [line("stalls", 2)], JULIA, [mine, holder])).toEqual([]);
  expect(holderOf(OFFERING, "stalls", holder, JULIA)).toEqual({
    name: "Bruno Paz",
    mail: null,
    document: null,
    answers: { dni: "20.111.222", menu: "vegano" },
  });
});

test("an answer that is none of the options is a fault, and a question of other ticket types is not asked", () => {
  const holder = other({ answers: { menu: "asado", dni: "not asked" } });

  expect(detailFaults(OFFERING, [line("pullman", 1)], JULIA, [holder])).toEqual([{ where: "holders/0/answers/menu", code: "choice" }]);
});
