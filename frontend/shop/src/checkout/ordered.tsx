import type { Words } from "../language/words";
import type { Purchase } from "./purchase";
import type { State } from "./state";

interface Props {
  readonly words: Words;
  readonly state: State;
  readonly purchase: Purchase;
}

/**
 * An order was placed from this device: pay it, see it, or begin another. Never choose and pay the same places twice.
 * Until it is known how it stands there is nothing to press but the way to it: who hurries would press what is about to be elsewhere.
 */
export function Ordered({ words, state, purchase }: Props) {
  const { order, standing, busy } = state;
  if (!order?.secret) {
    return null;
  }
  const { number, secret, orderId } = order;
  const isOpen = standing === "open";
  const isOver = standing === "over";
  return (
    <section class="ordered stack" aria-labelledby="ordered">
      <h2 id="ordered" tabIndex={-1}>
        {words.say(isOver ? "ordered.over_title" : "ordered.title", { number })}
      </h2>
      {isOpen ? <p>{words.say("ordered.text")}</p> : null}
      {isOpen ? (
        <button type="button" class="button wide" aria-disabled={busy !== null} onClick={() => void purchase.ordering.payAgain()}>
          {words.say(busy === null ? "ordered.pay" : "summary.leaving")}
        </button>
      ) : null}
      <a class={isOpen ? "button plain wide" : "button wide"} href={purchase.ordering.orderUrl({ order_id: orderId, secret })}>
        {words.say("ordered.see")}
      </a>
      {isOpen || isOver ? (
        <div>
          <button type="button" class="link" onClick={() => purchase.startAnew()}>
            {words.say("ordered.anew")}
          </button>
          {isOpen ? <p class="small soft">{words.say("ordered.anew_warning")}</p> : null}
        </div>
      ) : null}
    </section>
  );
}
