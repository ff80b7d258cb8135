import { useEffect, useState } from "preact/hooks";
import { watchShelf } from "../device/shelf";
import { purchaseShelf } from "../device/purchase-shelf";
import type { ShopEvent } from "../event";
import { buyerOf, emptyHolder, holderOf, ticketTypesOfPlaces } from "../features/details/checks";
import { DetailsStep } from "../features/details/details-step";
import { Timer } from "../features/holding/timer";
import { SelectionStep } from "../features/selection/selection-step";
import { SummaryStep } from "../features/summary/summary-step";
import { Totals } from "../features/summary/totals";
import type { Words } from "../language/words";
import { useFocusOn } from "../ui/use-focus";
import { Notices } from "./notices";
import { Ordered } from "./ordered";
import type { Purchase } from "./purchase";
import { shownQuote, STEPS, type State } from "./state";
import { Steps } from "./steps";
import { useStepInHistory } from "./use-step-in-history";

interface Props {
  readonly words: Words;
  readonly event: ShopEvent;
  readonly purchase: Purchase;
}

const LEVELS_EVERY_MS = 15_000;

/** The whole checkout: three steps on one page, what it costs beside them, and how long there is. */
export function CheckoutPage({ words, event, purchase }: Props) {
  const state = useStateOf(purchase);
  useTabs(purchase, event);
  useStepInHistory(purchase, state.step);
  // Where there is something to be told, focus goes there.
  const title = useFocusOn<HTMLHeadingElement>(state.step, state.attention);
  const isOrdered = state.standing !== null && state.order?.secret;
  const when = whenOf(words, state);
  return (
    <div class="checkout">
      <div class="checkout-main stack-wide">
        {state.hold?.expiresAt && state.standing !== "over" ? (
          <Timer words={words} expiresAt={state.hold.expiresAt} offsetMs={state.offsetMs} onOver={() => void purchase.timeIsOver()} />
        ) : null}
        <Notices {...{ words, state, purchase }} />
        {isOrdered ? (
          <Ordered {...{ words, state, purchase }} />
        ) : (
          <>
            <Steps words={words} step={state.step} onStep={(step) => purchase.goTo(step)} />
            <h2 class="step-title" tabIndex={-1} ref={title}>
              {words.say(`${state.step}.title`)}
            </h2>
            <StepBody {...{ words, event, state, purchase, when }} />
          </>
        )}
      </div>
      <Totals words={words} quote={shownQuote(state)} when={when} />
    </div>
  );
}

interface BodyProps extends Props {
  readonly state: State;
  readonly when: string;
}

function StepBody({ words, event, state, purchase, when }: BodyProps) {
  const lines = state.hold?.lines ?? [];
  if (state.step === "details") {
    return (
      <DetailsStep
        {...{ words, lines, event: state.event, buyer: state.buyer, holders: state.holders, faults: state.faults }}
        onBuyer={(buyer) => purchase.write({ buyer })}
        onHolders={(holders) => purchase.write({ holders })}
        onContinue={() => purchase.review()}
      />
    );
  }
  const quote = shownQuote(state);
  if (state.step === "summary" && quote !== null) {
    const types = ticketTypesOfPlaces(lines);
    return (
      <SummaryStep
        {...{ words, quote, when, faults: state.faults, optionId: state.optionId, options: state.options }}
        buyer={buyerOf(state.buyer, event.language)}
        holders={types.map((type, index) => holderOf(state.event, type, state.holders[index] ?? emptyHolder(index), state.buyer))}
        paths={event.paths}
        busy={state.busy === "ordering" || state.busy === "leaving" ? state.busy : null}
        onOption={(optionId) => purchase.write({ optionId })}
        onPlaces={() => purchase.goTo("selection")}
        onDetails={() => purchase.goTo("details")}
        onPay={(hasConsented) => void purchase.ordering.pay(hasConsented)}
      />
    );
  }
  return (
    <SelectionStep
      {...{ words, event: state.event, selection: state.selection, levels: state.levels, faults: state.faults }}
      heldLines={lines}
      isBusy={state.busy !== null}
      code={{ isOffered: event.has_codes, isGood: state.isCodeGood, value: state.code }}
      onChoose={(selection) => purchase.choose(selection)}
      onCode={(code) => void purchase.openCode(code)}
      onContinue={() => void purchase.holding.reserve()}
    />
  );
}

function whenOf(words: Words, state: State): string {
  const id = state.selection.performanceId;
  const performance = state.event.performances.find((one) => one.performance_id === id);
  return performance === undefined ? "" : words.moment(performance.starts_at);
}

function useStateOf(purchase: Purchase): State {
  const [state, setState] = useState(purchase.state);
  useEffect(() => {
    setState(purchase.state);
    return purchase.subscribe(() => setState(purchase.state));
  }, [purchase]);
  return state;
}

/** Other tabs of the same purchase, a page that comes back as it was left, and levels that are not old while it is looked at. */
function useTabs(purchase: Purchase, event: ShopEvent): void {
  useEffect(() => {
    const unwatch = watchShelf(purchaseShelf(event.event_id), () => void purchase.takeUp());
    const shown = (happening: PageTransitionEvent) => {
      if (happening.persisted) {
        void purchase.takeUp();
      }
    };
    addEventListener("pageshow", shown);
    const timer = setInterval(() => {
      if (document.visibilityState === "visible" && purchase.state.step === STEPS[0]) {
        void purchase.refreshLevels();
      }
    }, LEVELS_EVERY_MS);
    return () => {
      unwatch();
      removeEventListener("pageshow", shown);
      clearInterval(timer);
    };
  }, [purchase]);
}
