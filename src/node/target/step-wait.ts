import type { Ending, Response } from '../../target/index.js';

/** Most messages after one step. A target that sends more is taken to send without end. */
const TAKEN_MAX = 65_536;

/** Collects what a remote target sends until the step is done, the target has ended, or the time is over. */
export class StepWait {
  ended: Ending | undefined;
  #out: { readonly to: number; readonly frame: Uint8Array }[] = [];
  #isDone = false;
  #wake: (() => void) | undefined;

  /** @param limitMs time for an answer; without one the target hangs. */
  constructor(readonly limitMs: number) {}

  /** The target was started. Its first answer is that it is ready. */
  begin(): void {
    this.ended = undefined;
    this.#isDone = false;
    this.#out = [];
  }

  received(to: number, frame: Uint8Array): void {
    if (this.#out.length === TAKEN_MAX) this.end({ kind: 'hang', text: `more than ${TAKEN_MAX} messages` });
    else this.#out.push({ to, frame });
  }

  done(): void {
    this.#isDone = true;
    this.#wake?.();
  }

  /** Only the first call has an effect. */
  end(ending: Ending): void {
    this.ended ??= ending;
    this.#wake?.();
  }

  /** Calls `act` and waits for the answer. */
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
