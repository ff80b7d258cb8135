import { newId } from "./ids";
import { readShelf, writeShelf } from "./shelf";

const SHELF = "alltickets.visitor";

/** The id by which this browser's new hold replaces its former one. It names nobody. */
export function visitorId(): string {
  const known = readShelf(SHELF);
  if (typeof known === "string") {
    return known;
  }
  const made = newId();
  writeShelf(SHELF, made);
  return made;
}
