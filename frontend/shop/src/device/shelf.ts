/** What a browser keeps under a name. Where it keeps nothing (storage switched off or full), memory serves until the page is left. */
const memory = new Map<string, string>();

export function readShelf(name: string): unknown {
  let text: string | null | undefined;
  try {
    text = localStorage.getItem(name);
  } catch {
    text = memory.get(name);
  }
  try {
    return JSON.parse(text ?? memory.get(name) ?? "null");
  } catch {
    return null;
  }
}

export function writeShelf(name: string, value: unknown): void {
  const text = JSON.stringify(value);
  try {
    localStorage.setItem(name, text);
    memory.delete(name);
  } catch {
    memory.set(name, text);
  }
}

export function clearShelf(name: string): void {
  memory.delete(name);
  try {
    localStorage.removeItem(name);
  } catch {
    // Nothing is kept there.
  }
}

/** Calls back when another tab writes under the name. Returns how to stop. */
export function watchShelf(name: string, changed: () => void): () => void {
  const listener = (event: StorageEvent) => {
    if (event.key === name) {
      changed();
    }
  };
  addEventListener("storage", listener);
  return () => removeEventListener("storage", listener);
}
