import type { Problem } from "../transport/problem";
import type { Words } from "./words";

/** A problem in the reader's words: by its type and, where that says more, by its reason or scope. */
export function problemWords(words: Words, problem: Problem): string {
  const { members, type } = problem;
  const values: Record<string, string | number> = { type };
  if (typeof members["limit"] === "number") {
    values["limit"] = members["limit"];
  }
  if (typeof members["since"] === "string") {
    values["since"] = words.moment(members["since"]);
  }
  const nearer = `problem.${type}.${String(members["reason"] ?? members["scope"] ?? "")}`;
  for (const key of [nearer, `problem.${type}`]) {
    if (words.has(key)) {
      return words.say(key, values);
    }
  }
  return words.say("problem.other", values);
}
