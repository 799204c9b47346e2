import {
  type Outcome,
  type Report,
  type ReportForm,
  recordingName,
  reportForms,
} from '../../../conform/index.js';
import { wallClock } from '../../../node/clock.js';
import { writeFile } from '../../../node/files.js';
import type { Output } from '../../../node/output.js';
import { StatusLine } from '../../../node/status-line.js';
import type { CommandIo } from '../../io.js';
import { refuseOption } from '../../options.js';

export interface ReportOptions {
  readonly format: ReportForm;
  readonly output: string;
  readonly filter: readonly string[];
  readonly list?: true;
  readonly out?: string;
}

/** Seconds of the wall clock. */
export function nowSeconds(): number {
  return Number(wallClock() / 1000n) / 1e6;
}

/**
 * The cases that the filters name: by parts of their name, their chapter's title or their level. All without a filter.
 *
 * @throws UsageError if there is none: a report of nothing would look like success.
 */
export function chosenBy<T>(
  filter: readonly string[],
  cases: readonly T[],
  factsOf: (item: T) => Pick<Outcome, 'name' | 'chapter' | 'level'>,
): readonly T[] {
  if (filter.length === 0) return cases;
  const parts = filter.map((part) => part.toLowerCase());
  const chosen = cases.filter((item) => {
    const { name, chapter, level } = factsOf(item);
    const text = `${name}\n${chapter}\n${level}`.toLowerCase();
    return parts.some((part) => text.includes(part));
  });
  if (chosen.length > 0) return chosen;
  refuseOption('--filter', 'a text that some case of --list has', filter.join(', '));
}

/** Prints a report while cases run, and writes the recordings of those that failed. */
export class Reporter {
  readonly #io: CommandIo;
  readonly #report: Report;
  readonly #output: Output;
  readonly #status: StatusLine;
  readonly #folder: string | undefined;
  readonly #total: number;
  #count = 0;
  #failed = 0;

  constructor(io: CommandIo, what: string, total: number, { format, output, out }: ReportOptions) {
    this.#io = io;
    this.#report = reportForms[format](what);
    this.#output = io.output(output, format === 'json' ? 'json' : 'text');
    this.#status = new StatusLine(io.stdio);
    this.#folder = out;
    this.#total = total;
    this.#write(this.#report.begin?.(total) ?? '');
  }

  outcome(outcome: Outcome): void {
    const isWrong = outcome.status === 'failed' || outcome.status === 'blocked';
    this.#count++;
    if (isWrong) {
      this.#failed++;
      this.#io.problem();
    }
    this.#write(this.#report.outcome(outcome, isWrong ? this.#record(outcome) : undefined));
    this.#status.show(nowSeconds() * 1000, () => {
      const failed = this.#failed === 0 ? '' : `, ${this.#failed} failed`;
      return `${this.#count} of ${this.#total} cases${failed}: ${outcome.name}`;
    });
  }

  end(): void {
    this.#status.clear();
    this.#write(this.#report.end());
    this.#output.end();
  }

  /** @returns the name of the file. @throws FileError */
  #record(outcome: Outcome): string | undefined {
    if (this.#folder === undefined || outcome.recording === undefined) return undefined;
    const file = `${this.#folder}/${recordingName(outcome)}`;
    writeFile(file, outcome.recording);
    return file;
  }

  #write(text: string): void {
    if (text === '') return;
    this.#status.clear();
    this.#output.write(text);
    this.#output.flush();
  }
}

/** Prints the cases that would run. */
export function printList(
  io: CommandIo,
  cases: readonly Pick<Outcome, 'name' | 'chapter' | 'level' | 'rule' | 'source'>[],
  { format, output }: ReportOptions,
): void {
  const lines = cases.map(({ name, chapter, level, rule, source }) =>
    format === 'json'
      ? JSON.stringify({ name, chapter, level, rule, source })
      : `${name}  (${level})  ${rule}`,
  );
  const text = `${lines.join('\n')}\n`;
  if (format === 'json') io.print(output, text, 'json');
  else io.printRows(output, text);
}
