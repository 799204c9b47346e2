import {
  type Ending,
  emptyResponse,
  type RemoteTarget,
  type Response,
  type Step,
  writeLine,
} from '../../target/index.js';
import { ContentsFiles } from './contents-files.js';
import { TargetProcess } from './target-process.js';

/** A word that no version of the protocol has. A target that says `ok` to it says so to everything. */
const UNKNOWN_LINE = 'what\n';
/** Time in which a target says whether it knows a line, milliseconds. It may as well ignore unknown ones. */
const QUESTION_MS = 2000;
/** Least time in which a program has to say that it is ready, milliseconds. */
const START_MS = 10_000;

/**
 * A program that speaks the line protocol (cli.md, "Line protocol of exec targets"), in a shell and a process group of
 * its own. Its end is a crash, no `ok` in time is a hang. Other output is ignored. A program that can boot again
 * (`reset`) runs on from session to session, others are started for each.
 */
export class ExecTarget implements RemoteTarget {
  readonly name: string;
  readonly local = false;
  readonly isFresh = true;
  /** Kinds that the program has not called unsupported. */
  readonly steps: ReadonlySet<Step['kind']> = new Set(['frame', 'load']);
  readonly #steps = this.steps as Set<Step['kind']>;
  readonly #limitMs: number;
  readonly #files = new ContentsFiles();
  #process: TargetProcess | undefined;
  #canReset: boolean | undefined;
  #canFork = false;
  #isClosed = false;
  #ended: Ending | undefined;

  /** @param limitMs for each answer. */
  constructor(
    readonly command: string,
    limitMs: number,
  ) {
    this.name = `exec:${command}`;
    this.#limitMs = limitMs;
  }

  async reset(): Promise<void> {
    const running = this.#process;
    if (running !== undefined && this.#canReset === true && (await running.reset(this.#limitMs)))
      this.#ended = undefined;
    else await this.restart();
  }

  async restart(): Promise<void> {
    await this.#start();
    if (this.#canReset !== undefined || this.#ended !== undefined) return;
    await this.#learnLines();
    await this.#start();
  }

  async put(step: Step): Promise<Response> {
    const [response] = await this.putAll([step]);
    return response as Response;
  }

  async putAll(steps: readonly Step[]): Promise<readonly Response[]> {
    if (this.#process === undefined || this.#ended !== undefined)
      return [{ ...emptyResponse, ended: this.#ended }];
    const text = steps.map((step) => writeLine(step, (bytes) => this.#files.of(bytes))).join('');
    const responses = await this.#process.ask(text, steps.length, this.#limitMs);
    for (const [index, { unsupported }] of responses.entries())
      if (unsupported) this.#steps.delete((steps[index] as Step).kind);
    this.#ended = responses.at(-1)?.ended;
    if (this.#ended?.kind === 'hang') await this.#process.end();
    return responses;
  }

  /** How the program ended, also before the first step. */
  get ended(): Ending | undefined {
    return this.#ended;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#ended = { kind: 'crash', text: 'closed' };
    await this.#process?.end();
    this.#process = undefined;
    this.#files.remove();
  }

  async #start(): Promise<void> {
    await this.#process?.end();
    // A session can still be under way when the target is no longer wanted.
    if (this.#isClosed) return;
    this.#process = new TargetProcess(this.command);
    // If it does not start, the response to the first step says so.
    const [ready] = await this.#process.ask('', 1, Math.max(START_MS, this.#limitMs));
    const { ended } = ready as Response;
    this.#ended = ended?.kind === 'hang' ? { kind: 'hang', text: 'no "ready"' } : ended;
    // A session that kills a target that has forked costs no start.
    if (this.#canFork && this.#ended === undefined) await this.#process.ask('fork\n', 1, this.#limitMs);
  }

  /** Asks which lines the program knows. Afterwards it has to be started again. */
  async #learnLines(): Promise<void> {
    const process = this.#process as TargetProcess;
    const says = async (line: string) => (await process.ask(line, 1, QUESTION_MS))[0] as Response;
    this.#canReset = false;
    if ((await says(UNKNOWN_LINE)).unsupported !== true) return;
    for (const kind of ['vcpu_halt', 'receive_limit', 'drain'] as const) this.#steps.add(kind);
    const knows = async (line: string) => {
      const { ended, unsupported } = await says(line);
      return ended === undefined && unsupported !== true;
    };
    const canFork = await knows('fork\n');
    this.#canReset = await knows('reset\n');
    this.#canFork = canFork && this.#canReset;
  }
}
