const TOLD_MS = 2_000;

/** Buttons that copy what somebody has to type elsewhere. Without a clipboard there are none: the values can be selected at one touch. */
export function offerCopies(): void {
  if (!("clipboard" in navigator)) {
    return;
  }
  document.documentElement.classList.add("can-copy");
  // On the document: the order is shown anew when it moves.
  document.addEventListener("click", (happening) => {
    const button = happening.target instanceof Element ? happening.target.closest<HTMLElement>("[data-copy]") : null;
    if (button !== null) {
      void copy(button);
    }
  });
}

async function copy(button: HTMLElement): Promise<void> {
  const { copy: value, copied } = button.dataset;
  const words = button.firstChild;
  if (value === undefined || copied === undefined || words === null || words.nodeValue === copied) {
    return;
  }
  try {
    await navigator.clipboard.writeText(value);
  } catch {
    return;
  }
  const before = words.nodeValue;
  words.nodeValue = copied;
  setTimeout(() => {
    words.nodeValue = before;
  }, TOLD_MS);
}
