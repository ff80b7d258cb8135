import { useEffect, useRef, useState } from "preact/hooks";
import type { Words } from "../../language/words";
import { clockFace, secondsLeft, spokenMark } from "./countdown";

interface Props {
  readonly words: Words;
  readonly expiresAt: string;
  readonly offsetMs: number;
  readonly onOver: () => void;
}

const TICK_MS = 500;

/** How long the places are kept, by the server's clock. Seen all the time, said aloud at five marks only. */
export function Timer({ words, expiresAt, offsetMs, onOver }: Props) {
  const left = () => secondsLeft(expiresAt, offsetMs, Date.now());
  const [seconds, setSeconds] = useState(left);
  // The end is told once, by a timer that was seen running: whoever asks the server then may get the same end again.
  const isRunning = useRef(false);
  useEffect(() => {
    const look = () => {
      const now = left();
      setSeconds(now);
      if (now > 0) {
        isRunning.current = true;
      } else if (isRunning.current) {
        isRunning.current = false;
        onOver();
      }
    };
    const timer = setInterval(look, TICK_MS);
    // A phone that slept has not ticked.
    document.addEventListener("visibilitychange", look);
    look();
    return () => {
      clearInterval(timer);
      document.removeEventListener("visibilitychange", look);
    };
  }, [expiresAt, offsetMs]);
  return (
    <>
      <p class={seconds <= 60 ? "timer soon" : "timer"} role="timer">
        {words.say("timer.left", { time: clockFace(seconds) })}
      </p>
      <p class="unseen" role="status">
        {spoken(words, spokenMark(seconds))}
      </p>
    </>
  );
}

function spoken(words: Words, mark: number | null): string {
  if (mark === null) {
    return "";
  }
  return mark === 0 ? words.say("timer.over") : words.count("timer.spoken", Math.ceil(mark / 60));
}
