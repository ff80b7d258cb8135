import type { ComponentChildren } from "preact";
import type { Words, Key } from "../language/words";
import type { Fault } from "../transport/problem";

/** The id of the field that a fault is about. */
export function fieldId(where: string): string {
  return `field-${where.replaceAll("/", "-")}`;
}

export function faultWords(words: Words, code: string): string {
  const key = `fault.${code}`;
  return words.has(key) ? words.say(key as Key) : words.say("fault.other");
}

interface FieldProps {
  readonly words: Words;
  readonly where: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly isOptional?: boolean;
  readonly faults: readonly Fault[];
  /** The control, which gets what ties it to its label, hint and fault. */
  readonly children: (tied: { id: string; "aria-invalid": "true" | "false"; "aria-describedby": string | undefined }) => ComponentChildren;
}

/** A label, a control, a hint and, where there is one, the fault: all told together by a screen reader. */
export function Field({ words, where, label, hint, isOptional, faults, children }: FieldProps) {
  const id = fieldId(where);
  const fault = faults.find((one) => one.where === where);
  const described = [hint === undefined ? "" : `${id}-hint`, fault === undefined ? "" : `${id}-fault`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>
        {label} {isOptional ? <span class="soft">({words.say("details.optional")})</span> : null}
      </label>
      {children({ id, "aria-invalid": fault === undefined ? "false" : "true", "aria-describedby": described || undefined })}
      {hint === undefined ? null : (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {fault === undefined ? null : (
        <p class="fault" id={`${id}-fault`}>
          {faultWords(words, fault.code)}
        </p>
      )}
    </div>
  );
}
