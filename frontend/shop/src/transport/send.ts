import { Problem, problemOf, Unreachable } from "./problem";

export interface Request {
  readonly method: "GET" | "PUT" | "POST";
  readonly path: string;
  readonly body?: unknown;
  readonly secret?: string;
}

/** What happens between a request and its answer, for whoever shows it. */
export interface Course {
  /** No answer yet, and it is tried again: the network is gone, or the server in trouble. */
  troubled(): void;
  answered(): void;
}

export interface Patience {
  readonly tryMs: number;
  readonly totalMs: number;
  readonly pausesMs: readonly number[];
}

const PATIENCE: Patience = { tryMs: 15_000, totalMs: 120_000, pausesMs: [500, 1_000, 2_000, 4_000, 8_000] };
const TROUBLE = new Set([502, 503, 504]);

/**
 * The answer's JSON. What gets no answer is sent again, the same, until there is one: every request of the shop names what it makes by an
 * id of its own, so a repetition finds what the first one made. Throws `Problem`, or `Unreachable` when patience is over.
 */
export async function send<Answer>(request: Request, course: Course, patience: Patience = PATIENCE): Promise<Answer> {
  const until = Date.now() + patience.totalMs;
  for (let attempt = 0; ; attempt += 1) {
    const outcome = await attemptOnce(request, patience.tryMs);
    if (outcome instanceof Response && !TROUBLE.has(outcome.status)) {
      course.answered();
      if (!outcome.ok) {
        throw await problemOf(outcome);
      }
      return (await outcome.json()) as Answer;
    }
    const trouble = outcome instanceof Response ? await problemOf(outcome) : null;
    const pause = Math.max(
      patience.pausesMs[Math.min(attempt, patience.pausesMs.length - 1)] ?? 0,
      (trouble?.retryAfterSeconds ?? 0) * 1_000,
    );
    if (Date.now() + pause > until) {
      throw trouble instanceof Problem ? trouble : new Unreachable();
    }
    course.troubled();
    await pauseOrNetwork(pause);
  }
}

async function attemptOnce(request: Request, tryMs: number): Promise<Response | null> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (request.body !== undefined) {
    headers["content-type"] = "application/json";
  }
  if (request.secret !== undefined) {
    headers["authorization"] = `Bearer ${request.secret}`;
  }
  try {
    return await fetch(request.path, {
      method: request.method,
      headers,
      body: request.body === undefined ? null : JSON.stringify(request.body),
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(tryMs),
    });
  } catch {
    return null;
  }
}

/** Waits, but no longer than until the network is back. */
function pauseOrNetwork(ms: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    globalThis.addEventListener?.("online", done);
  });
}
