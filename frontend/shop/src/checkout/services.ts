import { payOrder } from "../features/summary/api/pay-order";
import { putOrder } from "../features/summary/api/put-order";
import { readOrder } from "../features/summary/api/read-order";
import { putHold } from "../features/holding/api/put-hold";
import { askQuote } from "../features/selection/api/ask-quote";
import { openCode } from "../features/selection/api/open-code";
import { readAvailability } from "../features/selection/api/read-availability";

/** What a purchase needs of the world outside; tests give their own. */
export interface Services {
  readonly putHold: typeof putHold;
  readonly putOrder: typeof putOrder;
  readonly readOrder: typeof readOrder;
  readonly payOrder: typeof payOrder;
  readonly askQuote: typeof askQuote;
  readonly openCode: typeof openCode;
  readonly readAvailability: typeof readAvailability;
  readonly now: () => number;
  /** Leaves the page for another address. */
  readonly leave: (url: string) => void;
  readonly pause: (ms: number) => Promise<void>;
  /** Runs alone among all tabs of this browser, where it can tell. */
  readonly alone: <Result>(name: string, run: () => Promise<Result>) => Promise<Result>;
}

export const SERVICES: Services = {
  putHold,
  putOrder,
  readOrder,
  payOrder,
  askQuote,
  openCode,
  readAvailability,
  now: Date.now,
  leave: (url) => location.assign(url),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  alone: (name, run) => (navigator.locks ? navigator.locks.request(name, run) : run()),
};
