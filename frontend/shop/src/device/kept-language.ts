import { readShelf, writeShelf } from "./shelf";

const SHELF = "alltickets.language";

/** In which language this browser buys: what the paths of that language begin with. */
export function keepLanguage(prefix: string): void {
  writeShelf(SHELF, prefix);
}

export function keptLanguage(): string {
  const kept = readShelf(SHELF);
  return typeof kept === "string" ? kept : "";
}
