import type { Words } from "../language/words";
import { STEPS, type Step } from "./state";

interface Props {
  readonly words: Words;
  readonly step: Step;
  readonly onStep: (step: Step) => void;
}

/** Where one is; what is done already leads back there. */
export function Steps({ words, step, onStep }: Props) {
  const at = STEPS.indexOf(step);
  return (
    <nav class="steps" aria-label={words.say("steps.label")}>
      <ol>
        {STEPS.map((one, index) => (
          <li key={one} aria-current={index === at ? "step" : undefined} class={index < at ? "done" : ""}>
            <span class="steps-number" aria-hidden="true">
              {index < at ? "✓" : index + 1}
            </span>
            {index < at ? (
              <button type="button" class="link" onClick={() => onStep(one)}>
                {words.say(`steps.${one}`)}
                <span class="unseen"> ({words.say("steps.done")})</span>
              </button>
            ) : (
              <span>{words.say(`steps.${one}`)}</span>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
