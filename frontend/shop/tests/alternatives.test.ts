import { expect, test } from "vitest";
import { alternativesTo } from "../src/features/holding/alternatives";
import { level, line, OFFERING, SATURDAY } from "./offering";

test("what is still free is offered again as it was", () => {
  const wish = [line("pullman", 2)];

  expect(alternativesTo(OFFERING, wish, [level("pullman", 2)])).toEqual([{ kind: "same", lines: wish }]);
});

test("fewer of the same come first, then the type nearest in price, then another performance", () => {
  const levels = [level("pullman", 1), level("gallery", 9), level("pullman", 9, SATURDAY)];

  const found = alternativesTo(OFFERING, [line("pullman", 3)], levels);

  expect(found).toEqual([
    { kind: "fewer", lines: [line("pullman", 1)] },
    { kind: "other_type", lines: [line("gallery", 3)] },
    { kind: "other_performance", lines: [line("pullman", 3, SATURDAY)] },
  ]);
});

test("a type of which there are not enough is no alternative", () => {
  expect(alternativesTo(OFFERING, [line("pullman", 3)], [level("pullman", 0), level("gallery", 2)])).toEqual([]);
});

test("nobody's seats are chosen for them", () => {
  expect(alternativesTo(OFFERING, [line("pullman", 2)], [level("stalls", 50)])).toEqual([]);
});

test("what can be had of the rest stays, and what replaces joins what is there", () => {
  const levels = [level("pullman", 0), level("gallery", 9)];

  const found = alternativesTo(OFFERING, [line("pullman", 2), line("gallery", 1)], levels);

  expect(found).toEqual([
    { kind: "fewer", lines: [line("gallery", 1)] },
    { kind: "other_type", lines: [line("gallery", 3)] },
  ]);
});
