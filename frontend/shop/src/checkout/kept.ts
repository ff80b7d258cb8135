import { purchaseShelf } from "../device/purchase-shelf";
import { clearShelf, readShelf, writeShelf } from "../device/shelf";
import type { BuyerDraft, HolderDraft } from "../features/details/checks";
import type { Selection } from "../features/selection/selection";
import type { Line, OrderBody, Quote } from "../transport/wire";

/** A hold as the device knows it. `expiresAt` null: it was asked for, and no answer has come yet. */
export interface KeptHold {
  readonly holdId: string;
  readonly lines: readonly Line[];
  readonly code: string;
  readonly expiresAt: string | null;
  readonly quote: Quote | null;
}

/** An order that was sent with `body`; `secret` once there was an answer. The id stays, so that sending again makes no second one. */
export interface KeptOrder {
  readonly orderId: string;
  readonly body: OrderBody;
  readonly secret: string | null;
  readonly number: string;
}

/** What of a purchase survives a reload, and is shared by all tabs. */
export interface Kept {
  readonly selection: Selection;
  readonly code: string;
  readonly buyer: BuyerDraft;
  readonly holders: readonly HolderDraft[];
  readonly optionId: string | null;
  readonly hold: KeptHold | null;
  readonly order: KeptOrder | null;
}

interface Stored extends Kept {
  readonly version: typeof VERSION;
  readonly savedAt: number;
}

const VERSION = 1;
const KEPT_MS_MAX = 24 * 60 * 60 * 1_000;

export function loadKept(eventId: string, now: number): Kept | null {
  const stored = readShelf(purchaseShelf(eventId)) as Stored | null;
  const isUsable = stored !== null && typeof stored === "object" && stored.version === VERSION && now - stored.savedAt < KEPT_MS_MAX;
  if (!isUsable) {
    clearShelf(purchaseShelf(eventId));
    return null;
  }
  return stored;
}

export function saveKept(eventId: string, kept: Kept, now: number): void {
  const { selection, code, buyer, holders, optionId, hold, order } = kept;
  const stored: Stored = { version: VERSION, savedAt: now, selection, code, buyer, holders, optionId, hold, order };
  writeShelf(purchaseShelf(eventId), stored);
}
