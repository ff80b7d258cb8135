import { useState } from "preact/hooks";
import type { Words } from "../../language/words";

interface Props {
  readonly words: Words;
  readonly value: string;
  readonly isGood: boolean | null;
  readonly isBusy: boolean;
  readonly onCode: (code: string) => void;
}

/** A code that opens more tickets; shown only where the event has such. */
export function CodeForm({ words, value, isGood, isBusy, onCode }: Props) {
  const [typed, setTyped] = useState(value);
  const apply = () => {
    if (!isBusy) {
      onCode(typed);
    }
  };
  return (
    <details class="code" open={value !== "" || isGood !== null}>
      <summary>{words.say("selection.code")}</summary>
      <div class="field code-fields">
        <label for="code">{words.say("selection.code_label")}</label>
        <input
          id="code"
          autocomplete="off"
          autocapitalize="none"
          maxLength={64}
          value={typed}
          aria-describedby="code-told"
          onInput={(happening) => setTyped(happening.currentTarget.value)}
          onKeyDown={(happening) => {
            if (happening.key === "Enter") {
              happening.preventDefault();
              apply();
            }
          }}
        />
        <button type="button" class="button plain" onClick={apply}>
          {words.say("selection.code_open")}
        </button>
      </div>
      <p id="code-told" role="status" class={isGood === false ? "fault-line" : "small"}>
        {isGood === null ? "" : words.say(isGood ? "selection.code_works" : "selection.code_nothing")}
      </p>
    </details>
  );
}
