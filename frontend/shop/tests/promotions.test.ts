import { expect, test } from "vitest";
import { plansOf, type Plan } from "../src/card/plans";
import { promotionsOf, type Promotion } from "../src/card/promotions";

const BANK: Promotion = { id: "bank", name: "Banco X", ranges: [[45079900, 45079999]], kinds: ["credit_card"], installments: ["1"], pay: "Pagar 8" };
const ANY: Promotion = { ...BANK, id: "any", ranges: [[45000000, 45999999]], kinds: [] };
const NARROW: Promotion = { ...BANK, id: "narrow", ranges: [[45079910, 45079919]] };

test("a card's promotions are those whose ranges hold all cards that begin so, in the order of the page", () => {
  expect(promotionsOf([BANK, NARROW, ANY], "4507 9900 0000 4905", "credit_card").map((one) => one.id)).toEqual(["bank", "any"]);
  expect(promotionsOf([BANK, ANY], "450799", "debit_card").map((one) => one.id)).toEqual(["any"]);
  expect(promotionsOf([BANK, ANY], "520000", "credit_card")).toEqual([]);
});

test("fewer than six digits tell no bank", () => {
  expect(promotionsOf([BANK, ANY], "4507 9", "credit_card")).toEqual([]);
});

const plan = (change: Partial<Plan>): Plan => ({ count: "3", methods: [], ranges: [], told: "1110000", label: "", ...change });

test("of the plans of a number of instalments the page's first that the card has counts", () => {
  const bank = plan({ ranges: [[45079900, 45079999]], told: "1" });
  const visa = plan({ methods: ["1"], told: "2" });
  const any = plan({ told: "3" });
  const six = plan({ count: "6", told: "4" });
  const told = (number: string, method: string) => [...plansOf([bank, visa, any, six], number, method).values()].map((one) => one.told);

  expect(told("4507 9900", "1")).toEqual(["1", "4"]);
  expect(told("4507 98", "1")).toEqual(["2", "4"]);
  expect(told("", "104")).toEqual(["3", "4"]);
  expect([...plansOf([bank], "", "1").keys()]).toEqual([]);
});
