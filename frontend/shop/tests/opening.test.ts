import { expect, test } from "vitest";
import { leftIn, spokenAt, waitBeforeTry } from "../src/opening/countdown";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

test("what is left is written with its days, and never falls below nothing", () => {
  const left = (ms: number, language = "es-AR") => leftIn(ms, language).replaceAll("\u00a0", " ");

  expect([2 * DAY + 3 * HOUR + 245 * SECOND, DAY, HOUR - SECOND, 1, 0, -5 * SECOND].map((ms) => left(ms))).toEqual([
    "2 días 03:04:05",
    "1 día 00:00:00",
    "00:59:59",
    "00:00:01",
    "00:00:00",
    "00:00:00",
  ]);
  expect([left(2 * DAY, "en"), left(2 * DAY, "pt-BR")]).toEqual(["2 days 00:00:00", "2 dias 00:00:00"]);
});

test("it is said at three distances, once each, and the nearest when a device wakes up", () => {
  const said = (before: number, now: number) => spokenAt(before * SECOND, now * SECOND, "es-AR");

  expect([said(3_601, 3_600), said(3_600, 3_599), said(601, 600), said(61, 60), said(59, 58)]).toEqual([
    "dentro de 1 hora",
    null,
    "dentro de 10 minutos",
    "dentro de 1 minuto",
    null,
  ]);
  expect(said(7_200, 30)).toBe("dentro de 1 minuto");
});

test("tries that find the sale closed become rare, and no two devices try in step", () => {
  expect([0, 1, 3, 4, 20].map((tries) => waitBeforeTry(tries, 0.5))).toEqual([2_000, 4_000, 16_000, 30_000, 30_000]);
  expect([0, 1].map((chance) => waitBeforeTry(0, chance))).toEqual([1_500, 2_500]);
});
