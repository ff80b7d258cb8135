import { expect, test } from "vitest";
import { newId } from "../src/device/ids";
import { clockFace, clockOffsetMs, secondsLeft, spokenMark } from "../src/features/holding/countdown";
import { linesOf, most, selectionFromQuery, selectionOf } from "../src/features/selection/selection";
import { breakdownOf } from "../src/features/summary/breakdown";
import { FRIDAY, level, line, OFFERING, quoteOf, SATURDAY } from "./offering";

test("time is left by the server's clock, however wrong the device's is", () => {
  const device = Date.parse("2031-01-01T00:00:00Z");
  const offset = clockOffsetMs("2026-12-01T20:00:00Z", device);

  expect(secondsLeft("2026-12-01T20:10:00Z", offset, device)).toBe(600);
  expect(secondsLeft("2026-12-01T20:10:00Z", offset, device + 138_000)).toBe(462);
  expect(secondsLeft("2026-12-01T20:10:00Z", offset, device + 3_600_000)).toBe(0);
});

test("it is shown in minutes and seconds, and said at five marks", () => {
  expect([462, 60, 9, 0].map(clockFace)).toEqual(["7:42", "1:00", "0:09", "0:00"]);
  expect([3_599, 3_600, 169_662].map(clockFace)).toEqual(["59:59", "1:00:00", "47:07:42"]);
  expect([600, 301, 300, 121, 120, 61, 45, 12, 0].map(spokenMark)).toEqual([null, null, 300, 300, 120, 120, 60, 30, 0]);
});

test("ids are of version 7 and no two are the same", () => {
  const ids = Array.from({ length: 100 }, () => newId(1_700_000_000_000));

  expect(new Set(ids).size).toBe(100);
  expect(ids.every((id) => /^018bcfe5-6800-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true);
});

test("price and charge make the total where the buyer bears the charge; where the organizer does, there is one price", () => {
  const lines = [line("pullman", 2)];

  const added = breakdownOf(quoteOf(lines, "added"));
  const absorbed = breakdownOf(quoteOf(lines, "absorbed"));

  expect([added.price.minor, added.charge?.minor, added.total.minor]).toEqual([2_000_000, 400_000, 2_400_000]);
  expect([absorbed.price.minor, absorbed.charge, absorbed.total.minor]).toEqual([2_400_000, null, 2_400_000]);
  expect(added.taxes).toEqual([{ name: "IVA", basisPoints: 2_100, amount: { minor: 69_422, currency: "ARS" } }]);
});

test("lines and selection are two ways to say the same", () => {
  const selection = { performanceId: SATURDAY, quantities: { pullman: 2, gallery: 0 }, seats: { stalls: ["A-1", "A-2"] } };

  const lines = linesOf(OFFERING, selection);

  expect(lines).toEqual([
    { performance_id: SATURDAY, ticket_type_id: "stalls", quantity: 2, seats: ["A-1", "A-2"] },
    { performance_id: SATURDAY, ticket_type_id: "pullman", quantity: 2, seats: [] },
  ]);
  expect(linesOf(OFFERING, selectionOf(lines))).toEqual(lines);
});

test("no more can be chosen than the limit and what is left", () => {
  const none = { performanceId: FRIDAY, quantities: {}, seats: {} };

  expect(most(OFFERING, none, "pullman", [])).toBe(6);
  expect(most(OFFERING, none, "pullman", [level("pullman", 2)])).toBe(2);
});

test("the address may carry a choice; nonsense in it is none", () => {
  expect(selectionFromQuery(OFFERING, `?performance=${SATURDAY}&t.pullman=2&t.stalls=3&t.gallery=900&t.other=1`)).toEqual({
    performanceId: SATURDAY,
    quantities: { pullman: 2, gallery: 6 },
    seats: {},
  });
  expect(selectionFromQuery(OFFERING, "?performance=never&t.pullman=2")).toBeNull();
  expect(selectionFromQuery(OFFERING, "?t.pullman=-2")).toBeNull();
});
