import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const SOURCE = join(import.meta.dirname, "../src");
/** Each may import those before it, and itself; a feature no other feature. */
const ORDER = ["transport", "event", "language", "device", "ui", "features", "checkout", "order", "card", "opening"];

interface Import {
  readonly from: string;
  readonly to: string;
}

function imports(): Import[] {
  return readdirSync(SOURCE, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.tsx?$/.test(name) && name.includes("/"))
    .flatMap((name) =>
      [...readFileSync(join(SOURCE, name), "utf8").matchAll(/from "(\.[^"]+)"/g)].map((found) => ({
        from: name,
        to: relative(SOURCE, resolve(SOURCE, dirname(name), found[1] ?? "")),
      })),
    );
}

function part(path: string): string {
  return path.split("/")[0] ?? "";
}

test("arrows between the parts point one way", () => {
  const wrong = imports().filter(({ from, to }) => ORDER.indexOf(part(to)) > ORDER.indexOf(part(from)) || !ORDER.includes(part(to)));

  expect(wrong).toEqual([]);
});

test("no feature imports another", () => {
  const feature = (path: string) => (part(path) === "features" ? path.split("/")[1] : undefined);
  const wrong = imports().filter(({ from, to }) => feature(from) && feature(to) && feature(from) !== feature(to));

  expect(wrong).toEqual([]);
});
