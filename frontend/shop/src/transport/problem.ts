/** A refusal of the server (RFC 9457). `type` is the stable slug; `members` are what this type tells besides. */
export class Problem extends Error {
  constructor(
    readonly type: string,
    readonly status: number,
    readonly members: Readonly<Record<string, unknown>>,
    readonly retryAfterSeconds: number | null,
  ) {
    super(type);
  }
}

/** The server could not be reached, or is in trouble, for longer than it made sense to go on trying. */
export class Unreachable extends Error {}

/** What is wrong with one field: `where` is its path in the request, `code` a stable word. */
export interface Fault {
  readonly where: string;
  readonly code: string;
}

/** The faults that a problem tells of its fields, in their order. */
export function faultsOf(problem: Problem): readonly Fault[] {
  const faults = problem.members["faults"];
  return Array.isArray(faults)
    ? faults.filter((fault): fault is Fault => typeof fault?.where === "string" && typeof fault?.code === "string")
    : [];
}

export async function problemOf(response: Response): Promise<Problem> {
  const seconds = Number(response.headers.get("retry-after"));
  let document: Record<string, unknown> = {};
  try {
    document = await response.json();
  } catch {
    // A proxy's page, not ours: the status alone has to do.
  }
  const type = typeof document["type"] === "string" ? document["type"].replace("/problems/", "") : "unknown";
  return new Problem(type, response.status, document, Number.isFinite(seconds) && seconds > 0 ? seconds : null);
}
