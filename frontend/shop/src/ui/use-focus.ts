import { useEffect, useRef } from "preact/hooks";

/** A ref whose element gets the focus each time that `signal` changes, but not at first, and not when `before` changes at the same time. */
export function useFocusOn<Target extends HTMLElement>(signal: unknown, before?: unknown) {
  const target = useRef<Target>(null);
  const seen = useRef({ signal, before });
  useEffect(() => {
    const isDue = seen.current.signal !== signal && seen.current.before === before;
    seen.current = { signal, before };
    if (isDue) {
      target.current?.focus();
    }
  }, [signal, before]);
  return target;
}
