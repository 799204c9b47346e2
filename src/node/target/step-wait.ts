import type { Ending, Response, Told } from '../../target/index.js';

/** Most messages after one step. A target that sends more is taken to send without end. */
const TAKEN_MAX = 65_536;

/** Steps that were put at once. */
interface Asked {
  missing: number;
  readonly responses: Response[];
  readonly answered: () => void;
}

/** Collects what a remote target sends until the steps that were put are done, it has ended, or the time is over. */
export class StepWait {
  ended: Ending | undefined;
  readonly #asked: Asked[] = [];
  #out: Response['out'][number][] = [];
  #timer: NodeJS.Timeout | undefined;
  /** An answer has come since the timer was set. */
  #isAlive = false;

  /** @param limitMs time for an answer; without one the target hangs. */
  constructor(readonly limitMs: number) {}

  /** The target was started. Its first answer is that it is ready. */
  begin(): void {
    this.ended = undefined;
    this.#out = [];
  }

  received(to: number, frame: Uint8Array): void {
    if (this.#out.length === TAKEN_MAX) this.end({ kind: 'hang', text: `more than ${TAKEN_MAX} messages` });
    else this.#out.push({ to, frame });
  }

  /** A step is done. An answer that nobody waits for counts for nothing. */
  done(told?: Told): void {
    const [asked] = this.#asked;
    if (asked === undefined || this.ended !== undefined) return;
    this.#isAlive = true;
    asked.responses.push(this.#response(told));
    if (--asked.missing > 0) return;
    this.#asked.shift();
    asked.answered();
  }

  /** Only the first call has an effect. */
  end(ending: Ending): void {
    if (this.ended !== undefined) return;
    this.ended = ending;
    for (const { responses, answered } of this.#asked.splice(0)) {
      responses.push(this.#response(undefined));
      answered();
    }
  }

  /**
   * Calls `act`, which puts so many steps, and waits for their answers. It can be called again meanwhile.
   *
   * @param limitMs for each of them, unless others are waited for. @returns fewer when the target ends; then the last one
   * says how.
   */
  async settled(count: number, act: () => void, limitMs = this.limitMs): Promise<readonly Response[]> {
    const responses: Response[] = [];
    if (this.ended !== undefined) return [this.#response(undefined)];
    await new Promise<void>((answered) => {
      this.#asked.push({ missing: count, responses, answered });
      this.#watch(limitMs);
      act();
    });
    if (this.#asked.length === 0) this.#rest();
    return responses;
  }

  #response(told: Told | undefined): Response {
    const response: Response = { out: this.#out, refused: false, ended: this.ended };
    this.#out = [];
    return told === undefined ? response : { ...response, ...told };
  }

  /** The time for an answer begins anew with each. */
  #watch(limitMs: number): void {
    this.#timer ??= setInterval(() => {
      if (!this.#isAlive) this.end({ kind: 'hang', text: `no answer within ${limitMs} ms` });
      this.#isAlive = false;
    }, limitMs);
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#isAlive = false;
  }
}
