import { useEffect, useState } from 'preact/hooks';

/**
 * The answer of the worker to a question, which is asked again when one of `inputs` changes. Until a new answer arrives
 * it is the one before; undefined if nothing was answered yet or nothing is asked.
 */
export function useAnswer<T>(ask: () => Promise<T> | undefined, inputs: readonly unknown[]): T | undefined {
  const [answer, setAnswer] = useState<T>();
  useEffect(() => {
    let isCurrent = true;
    const asked = ask();
    if (asked === undefined) setAnswer(undefined);
    void asked?.then((value) => {
      if (isCurrent) setAnswer(() => value);
    });
    return () => {
      isCurrent = false;
    };
  }, inputs);
  return answer;
}
