import { useEffect, useRef } from "preact/hooks";
import type { Purchase } from "./purchase";
import { STEPS, type Step } from "./state";

/** The step as an entry of the browser's history: back goes one step back, and a reload stays where it is. */
export function useStepInHistory(purchase: Purchase, step: Step): void {
  const isFromHistory = useRef(true);
  useEffect(() => {
    if (stepInHistory() === step) {
      return;
    }
    if (isFromHistory.current) {
      history.replaceState({ step }, "");
    } else {
      history.pushState({ step }, "");
    }
  }, [step]);
  useEffect(() => {
    isFromHistory.current = false;
    const back = () => {
      isFromHistory.current = true;
      purchase.goTo(stepInHistory());
      isFromHistory.current = false;
    };
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, [purchase]);
}

export function stepInHistory(): Step {
  const { step } = (history.state ?? {}) as { step?: Step };
  return step !== undefined && STEPS.includes(step) ? step : "selection";
}
