import { expect, test } from "vitest";
import { beginningOf } from "../src/card/ranges";
import { brandOf, cardOf, grouped, isNumber, type Typed } from "../src/card/checks";

const TODAY = new Date(2026, 10, 27);
const TYPED: Typed = { number: "4507 9900 0000 4905", expiry: "12/30", code: "123", holder: "Juan Pérez", document: "29.123.456" };
const typed = (change: Partial<Typed>): Typed => ({ ...TYPED, ...change });

test("what is typed with blanks and dots is what the gateway wants", () => {
  expect(cardOf(TYPED, TODAY)).toEqual({
    number: "4507990000004905",
    month: "12",
    year: "30",
    code: "123",
    holder: "Juan Pérez",
    document: "29123456",
  });
});

test("nothing typed is a fault of each field, in the order of the page", () => {
  expect(cardOf({ number: "", expiry: "", code: "", holder: "", document: "" }, TODAY)).toEqual(["number", "expiry", "code", "holder", "document"]);
});

test.each([
  [{ number: "4507 9900 0000 4906" }, "number"],
  [{ number: "4507" }, "number"],
  [{ expiry: "13/30" }, "expiry"],
  [{ expiry: "10/26" }, "expiry"],
  [{ expiry: "never" }, "expiry"],
  [{ code: "12" }, "code"],
  [{ holder: " " }, "holder"],
  [{ document: "12" }, "document"],
  [{ number: "3739 531923 51004" }, "code"],
])("%o is a fault", (change, field) => {
  expect(cardOf(typed(change), TODAY)).toEqual([field]);
});

test.each(["11/26", "1/27", "01 27", "0127", "01/2027", "1-27"])("an expiry may be written %s", (expiry) => {
  expect(Array.isArray(cardOf(typed({ expiry }), TODAY))).toBe(false);
});

test.each([
  ["4507", "Visa"],
  ["5299 91", "Mastercard"],
  ["2221 00", "Mastercard"],
  ["3739", "American Express"],
  ["589657", "Cabal"],
  ["9", null],
  ["", null],
])("a number that begins with %s is of %s", (number, brand) => {
  expect(brandOf(number)).toBe(brand);
});

test("a number is grouped as on the card", () => {
  expect(["4507990000004905", "373953192351004", "45", ""].map(grouped)).toEqual(["4507 9900 0000 4905", "3739 531923 51004", "45", ""]);
});

test("one digit that is another is noticed", () => {
  const digits = [..."4507990000004905"];
  const wrong = digits.map((digit, place) => digits.with(place, String((Number(digit) + 1) % 10)).join(""));

  expect(isNumber(digits.join(""))).toBe(true);
  expect(wrong.filter(isNumber)).toEqual([]);
});

test.each([
  ["4507 9900 0000 4905", "450799"],
  ["4507-99", "450799"],
  ["45 07 9", ""],
  ["", ""],
])("of %o we are told %o: six digits, and nothing while there are fewer", (number, beginning) => {
  expect(beginningOf(number)).toBe(beginning);
});
