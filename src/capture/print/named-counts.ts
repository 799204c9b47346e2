import type { RecordType } from '../records/index.js';
import { placeOfType, recordTypes } from '../records/index.js';
import { Latencies } from './latencies.js';

/** A number that is counted up where it is. */
export interface Counter {
  times: number;
}

/** Error words below this have a place of their own: all that the protocol names. */
const commonErrors = 64;

/** What is counted of the messages of one name. */
export class NamedCounts {
  /** By the place of the type in `recordTypes`. */
  readonly #times: number[] = recordTypes.map(() => 0);
  readonly latencies = new Latencies();
  /** The counters of error words that have come. */
  readonly #errors: (Counter | undefined)[] = [];

  constructor(readonly name: string) {}

  /** The types that have come, and how often each. */
  get types(): Map<RecordType, number> {
    const counted = recordTypes.map((type, place) => [type, this.#times[place] as number] as const);
    return new Map(counted.filter(([, times]) => times > 0));
  }

  add(type: RecordType): void {
    this.addAt(placeOfType(type));
  }

  /** @param place of the type in `recordTypes`. */
  addAt(place: number): void {
    (this.#times[place] as number)++;
  }

  /** The counter of an error word that was kept with {@link keep}. */
  counterOf(error: number): Counter | undefined {
    return this.#errors[error];
  }

  /** Keeps the counter of an error word, unless the word is uncommon. */
  keep(error: number, counter: Counter): void {
    if (error < commonErrors) this.#errors[error] = counter;
  }
}
