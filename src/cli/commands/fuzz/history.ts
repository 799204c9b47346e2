import type { Sample } from '../../../fuzz/report/report.js';

/** Most samples. Then every second one is dropped, and the interval doubles. */
const SAMPLES_MAX = 400;
const FIRST_INTERVAL_MS = 250;

/** Progress of a campaign in evenly spaced samples. */
export class History {
  #samples: Sample[];
  #intervalMs = FIRST_INTERVAL_MS;
  #nextMs = 0;
  readonly #before: Sample;

  /** @param samples of the runs that this one continues. */
  constructor(samples: readonly Sample[]) {
    this.#samples = [...samples];
    this.#before = samples.at(-1) ?? { elapsedMs: 0, cases: 0, steps: 0, pairs: 0, findings: 0 };
  }

  get samples(): readonly Sample[] {
    return this.#samples;
  }

  /** Whether it is time for a sample. @param elapsedMs since this run began. */
  wants(elapsedMs: number): boolean {
    return elapsedMs >= this.#nextMs;
  }

  /** @param sample with the time since this run began. */
  add(sample: Sample): void {
    this.#samples.push({ ...sample, elapsedMs: this.#before.elapsedMs + sample.elapsedMs });
    if (this.#samples.length > SAMPLES_MAX) {
      this.#samples = this.#samples.filter((_, index) => index % 2 === 0);
      this.#intervalMs *= 2;
    }
    this.#nextMs = sample.elapsedMs + this.#intervalMs;
  }

  /** Steps of this run alone. @param steps of all runs. */
  stepsSince(steps: number): number {
    return steps - this.#before.steps;
  }
}
