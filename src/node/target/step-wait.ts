import type { Ending, Response, Told } from '../../target/index.js';

/** Most messages after one step. A target that sends more is taken to send without end. */
const TAKEN_MAX = 65_536;

type Taken = Response['out'][number];

/** What most responses begin with. It is never changed: many steps have no message, and an array for each is garbage. */
const none: Taken[] = [];

/** Steps that were put at once. */
interface Asked {
  missing: number;
  readonly responses: Response[];
  readonly answered: (responses: readonly Response[]) => void;
}

/** Collects what a remote target sends until the steps that were put are done, it has ended, or the time is over. */
export class StepWait {
  ended: Ending | undefined;
  readonly #asked: Asked[] = [];
  #out: Taken[] = none;
  #timer: NodeJS.Timeout | undefined;
  /** What the timer was set to. */
  #timerMs = 0;
  /** An answer has come since the timer was set. */
  #isAlive = false;

  /** @param limitMs time for an answer; without one the target hangs. */
  constructor(readonly limitMs: number) {}

  /** The target was started. Its first answer is that it is ready. */
  begin(): void {
    this.ended = undefined;
    this.#out = none;
  }

  received(to: number, frame: Uint8Array): void {
    if (this.#out.length === TAKEN_MAX) this.end({ kind: 'hang', text: `more than ${TAKEN_MAX} messages` });
    else if (this.#out === none) this.#out = [{ to, frame }];
    else this.#out.push({ to, frame });
  }

  /** A step is done. An answer that nobody waits for counts for nothing. */
  done(told?: Told): void {
    const asked = this.#asked[0];
    if (asked === undefined || this.ended !== undefined) return;
    this.#isAlive = true;
    asked.responses.push(this.#response(told));
    if (--asked.missing > 0) return;
    this.#asked.shift();
    asked.answered(asked.responses);
  }

  /** Only the first call has an effect. */
  end(ending: Ending): void {
    this.#rest();
    if (this.ended !== undefined) return;
    this.ended = ending;
    for (const { responses, answered } of this.#asked.splice(0)) {
      responses.push(this.#response(undefined));
      answered(responses);
    }
  }

  /**
   * Calls `act`, which puts so many steps, and waits for their answers. It can be called again meanwhile.
   *
   * @param limitMs for each of them, unless others are waited for. @returns fewer when the target ends; then the last one
   * says how.
   */
  settled(count: number, act: () => void, limitMs = this.limitMs): Promise<readonly Response[]> {
    if (this.ended !== undefined) return Promise.resolve([this.#response(undefined)]);
    return new Promise((answered) => {
      if (this.#asked.push({ missing: count, responses: [], answered }) === 1) this.#watch(limitMs);
      act();
    });
  }

  #response(told: Told | undefined): Response {
    const out = this.#out;
    this.#out = none;
    const { ended } = this;
    return told === undefined ? { out, refused: false, ended } : { out, refused: false, ended, ...told };
  }

  /**
   * The time for an answer begins anew with each. The timer goes on when nothing is waited for, until its time is over:
   * setting one for each group of steps would take as long as reading the answers.
   */
  #watch(limitMs: number): void {
    this.#isAlive = false;
    if (this.#timer !== undefined && this.#timerMs === limitMs) {
      this.#timer.refresh();
      return;
    }
    this.#rest();
    this.#timerMs = limitMs;
    this.#timer = setInterval(() => {
      if (this.#asked.length === 0) this.#rest();
      else if (!this.#isAlive) this.end({ kind: 'hang', text: `no answer within ${limitMs} ms` });
      this.#isAlive = false;
    }, limitMs);
  }

  #rest(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
