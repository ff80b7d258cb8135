import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "acorn";
import { Features, transform, type Targets } from "lightningcss";
import { build, type Rolldown } from "vite";
import { beforeAll, expect, test } from "vitest";
import { BROWSERS, BUILD_TARGET, ECMASCRIPT } from "../../browsers";

const ROOT = join(import.meta.dirname, "../..");
/** Served as they are written. */
const STYLES = ["shared/tokens.css", "shop/shop.css"];
const TARGETS: Targets = Object.fromEntries(Object.entries(BROWSERS).map(([name, [major, minor]]) => [name, (major << 16) | (minor << 8)]));

/** Safari before 18 leaves the colour of underlines to the text, and each page has one scheme of colours: nothing is lost by either. */
const HARMLESS = Features.VendorPrefixes | Features.LightDark;

let built: readonly (Rolldown.OutputChunk | Rolldown.OutputAsset)[] = [];

beforeAll(async () => {
  const output = await build({ root: ROOT, configFile: join(ROOT, "vite.config.ts"), logLevel: "silent", build: { write: false } });
  built = (output as Rolldown.RolldownOutput).output;
}, 60_000);

test("the oldest browsers that are served are those that are named", () => {
  expect(BUILD_TARGET).toEqual(["es2022", "chrome111", "firefox114", "safari16.4"]);
});

test("no script has syntax that they cannot read", () => {
  const scripts = built.filter((one) => one.type === "chunk");

  expect(scripts.length).toBeGreaterThan(2);
  for (const script of scripts) {
    expect(() => parse(script.code, { ecmaVersion: ECMASCRIPT, sourceType: "module" }), script.fileName).not.toThrow();
  }
});

test("no stylesheet has anything that would have to be written otherwise for them", () => {
  const sheets = [
    ...STYLES.map((name) => ({ name, code: readFileSync(join(ROOT, name)) })),
    ...built.filter((one) => one.fileName.endsWith(".css")).map((one) => ({ name: one.fileName, code: Buffer.from((one as Rolldown.OutputAsset).source) })),
  ];

  expect(sheets.length).toBeGreaterThan(STYLES.length);
  for (const { name, code } of sheets) {
    const [asItIs, forThem] = [{}, { targets: TARGETS, exclude: HARMLESS }].map((more) => transform({ filename: name, code, ...more }).code.toString());
    expect(forThem, name).toBe(asItIs);
  }
});
