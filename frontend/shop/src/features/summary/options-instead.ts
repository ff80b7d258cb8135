import type { PaymentOption } from "../../event";
import type { Problem } from "../../transport/problem";

/** The ways to pay that a refusal tells, each as it was known before where it was; none of it is taken that is not one. */
export function optionsInstead(problem: Problem, before: readonly PaymentOption[]): readonly PaymentOption[] {
  const told = problem.members["options"];
  return (Array.isArray(told) ? told : []).flatMap((one): PaymentOption[] => {
    if (typeof one?.option_id !== "string" || typeof one.label !== "string") {
      return [];
    }
    const known = before.find((other) => other.option_id === one.option_id);
    const hours: unknown = one.pay_within_hours;
    const pay_within_hours = typeof hours === "number" ? hours : null;
    return [known ?? { option_id: one.option_id, label: one.label, is_promise: true, pay_within_hours, promotions: [] }];
  });
}
