import { jsonText } from '../../../base/json.js';
import { formatTime } from '../../../base/time.js';
import { TrafficCounter, type TrafficRow, trafficHead, trafficLine } from '../../../capture/print/index.js';
import type { CaptureRecord } from '../../../capture/records/index.js';
import { every, wallClock } from '../../../node/clock.js';
import type { Output } from '../../../node/output.js';
import { refuseArgument } from '../../options.js';

/** Rows after which the names of the columns are printed again. */
const headEvery = 20;

/** Seconds in a unit. */
const units: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, min: 60, h: 3600 };
/** A timer of JavaScript takes 32 bits of milliseconds. */
const secondsMax = 86_400;

/** The value of `--stats`, such as `5s` or `every 5s`, in seconds. @throws UsageError */
export function intervalOption(text: string): number {
  const [, number, unit = 's'] = /^(?:every\s+)?(\d+(?:\.\d+)?)\s*(ms|s|m|min|h)?$/i.exec(text) ?? [];
  const seconds = Number(number) * (units[unit.toLowerCase()] as number);
  if (seconds >= 0.001 && seconds <= secondsMax) return seconds;
  refuseArgument('--stats', 'an interval of up to a day, such as 5s, 500ms or 1m', text);
}

/** `decode --stats`: a row of counts for each interval of the wall clock while a capture is read, then the total. */
export class LiveStats {
  readonly #counter = new TrafficCounter();
  readonly #output: Output;
  readonly #json: boolean;
  readonly #width: number | undefined;
  readonly #begin = wallClock();
  #last = this.#begin;
  #rows = 0;
  /** Ends the rows. */
  readonly stop: () => void;

  /** @param width columns of the terminal. */
  constructor(output: Output, seconds: number, json: boolean, width: number | undefined) {
    this.#output = output;
    this.#json = json;
    this.#width = width;
    this.stop = every(seconds, () => this.#interval());
  }

  record(record: CaptureRecord, matches: boolean): void {
    this.#counter.record(record, matches);
  }

  lost(no: number): void {
    this.#counter.lost(no);
  }

  /** The capture has ended, or the user has stopped it. */
  end(): void {
    this.stop();
    this.#interval();
    this.#print(this.#counter.total(seconds(this.#begin, this.#last)));
  }

  #interval(): void {
    const now = wallClock();
    const time = formatTime(now).slice(11, 19);
    this.#print(this.#counter.row(time, seconds(this.#last, now)));
    this.#last = now;
  }

  #print(row: TrafficRow): void {
    if (this.#json) this.#output.write(`${jsonText(row)}\n`);
    else {
      if (this.#rows++ % headEvery === 0) this.#output.write(trafficHead(this.#width));
      this.#output.write(trafficLine(row, this.#width));
    }
    this.#output.flush();
  }
}

function seconds(from: bigint, to: bigint): number {
  return Number(to - from) / 1e9;
}
