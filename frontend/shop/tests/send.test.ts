import { afterEach, expect, test, vi } from "vitest";
import { Problem, Unreachable } from "../src/transport/problem";
import { send } from "../src/transport/send";

const PATIENCE = { tryMs: 1_000, totalMs: 200, pausesMs: [1] };
const REQUEST = { method: "PUT", path: "/api/shop/holds/one", body: { lines: [] } } as const;

function course() {
  return { troubled: vi.fn(), answered: vi.fn() };
}

function network(...answers: (Response | Error)[]) {
  const fetched = vi.fn(async (_path: string, _options: RequestInit) => {
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Response) {
      return answer.clone();
    }
    throw answer;
  });
  vi.stubGlobal("fetch", fetched);
  return fetched;
}

afterEach(() => vi.unstubAllGlobals());

test("what finds no network is sent again, the same, and whoever shows it is told", async () => {
  const fetched = network(new TypeError("no network"), new TypeError("no network"), Response.json({ fine: true }));
  const told = course();

  const answer = await send(REQUEST, told, PATIENCE);

  expect(answer).toEqual({ fine: true });
  expect(fetched.mock.calls.map(([path, options]) => [path, options.body])).toEqual(Array(3).fill([REQUEST.path, '{"lines":[]}']));
  expect([told.troubled.mock.calls.length, told.answered.mock.calls.length]).toEqual([2, 1]);
});

test("patience has an end", async () => {
  network(new TypeError("no network"));

  await expect(send(REQUEST, course(), PATIENCE)).rejects.toBeInstanceOf(Unreachable);
});

test("a refusal is thrown with its type and members, and not asked again", async () => {
  const fetched = network(Response.json({ type: "/problems/sold-out", available: { pool: 1 } }, { status: 409 }));

  const refused = await send(REQUEST, course(), PATIENCE).catch((fault: unknown) => fault);

  expect(refused).toBeInstanceOf(Problem);
  expect(refused).toMatchObject({ type: "sold-out", status: 409, members: { available: { pool: 1 } } });
  expect(fetched).toHaveBeenCalledTimes(1);
});

test("a server in trouble is asked again", async () => {
  network(Response.json({ type: "/problems/overloaded" }, { status: 503 }), Response.json({ fine: true }));

  await expect(send(REQUEST, course(), PATIENCE)).resolves.toEqual({ fine: true });
});

test("a proxy's page instead of a problem document is a problem too", async () => {
  network(new Response("<html>no</html>", { status: 413 }));

  await expect(send(REQUEST, course(), PATIENCE)).rejects.toMatchObject({ type: "unknown", status: 413 });
});
