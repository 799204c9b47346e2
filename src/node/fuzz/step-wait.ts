import type { Ending, Response } from '../../fuzz/targets/step.js';

/** More than any step brings about: what sends more is not going to stop. */
const TAKEN_MAX = 65_536;

/** Waits for a target elsewhere: what it sends is gathered until it is done, has ended, or time is over. */
export class StepWait {
  ended: Ending | undefined;
  #out: { readonly to: number; readonly frame: Uint8Array }[] = [];
  #isDone = false;
  #wake: (() => void) | undefined;

  /** @param limitMs without an answer for so long it hangs. */
  constructor(readonly limitMs: number) {}

  /** A new life of the target; its first answer is that it is there. */
  begin(): void {
    this.ended = undefined;
    this.#isDone = false;
    this.#out = [];
  }

  took(to: number, frame: Uint8Array): void {
    if (this.#out.length === TAKEN_MAX) this.end({ kind: 'hang', text: `more than ${TAKEN_MAX} messages` });
    else this.#out.push({ to, frame });
  }

  done(): void {
    this.#isDone = true;
    this.#wake?.();
  }

  /** The first end counts. */
  end(ending: Ending): void {
    this.ended ??= ending;
    this.#wake?.();
  }

  /** Does something and waits for the answer. */
  async settled(act: () => void): Promise<Response> {
    act();
    if (!this.#isDone && this.ended === undefined) await this.#awake();
    if (!this.#isDone) this.end({ kind: 'hang', text: `no answer within ${this.limitMs} ms` });
    const response: Response = { out: this.#out, refused: false, ended: this.ended };
    this.#out = [];
    this.#isDone = false;
    return response;
  }

  #awake(): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, this.limitMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        done();
      };
    });
  }
}
