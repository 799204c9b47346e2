import type { Connection, ConnectionEvents, Connector, Step, Told } from '../../target/index.js';
import { deadline } from '../timing.js';
import { ContentsFiles } from './contents-files.js';
import { TargetProcess } from './target-process.js';

/** A word that no version of the protocol has. A target that says `ok` to it says so to everything. */
const UNKNOWN_LINE = 'what\n';
/** Time in which a target says whether it knows a line, milliseconds. It may as well ignore unknown ones. */
const QUESTION_MS = 2000;
/** Time in which a program says that it is ready, when it is asked which lines it knows, milliseconds. */
const START_MS = 10_000;

/**
 * A program that speaks the line protocol (cli.md, "Line protocol of exec targets"), in a shell and a process group of
 * its own. Its end is a crash. Other output is ignored. It is started for every connection.
 */
export class ExecConnector implements Connector {
  readonly name: string;
  readonly isFresh = true;
  readonly steps: ReadonlySet<Step['kind']> = new Set(['frame', 'load']);
  readonly #steps = this.steps as Set<Step['kind']>;
  readonly #files = new ContentsFiles();
  readonly #fileOf = (bytes: Uint8Array) => this.#files.of(bytes);
  #canReset = false;
  #canFork = false;

  constructor(readonly command: string) {
    this.name = `exec:${command}`;
  }

  /** Asks which lines the program knows, in a process that is then ended. */
  async prepare(): Promise<void> {
    const questions = new Questions(this.command);
    const knows = async (line: string, limitMs = QUESTION_MS) => {
      const told = await questions.ask(line, limitMs);
      return told !== undefined && told.unsupported !== true;
    };
    if ((await knows('', START_MS)) && !(await knows(UNKNOWN_LINE)) && !questions.isOver) {
      for (const kind of ['vcpu_halt', 'receive_limit', 'drain'] as const) this.#steps.add(kind);
      const canFork = await knows('fork\n');
      this.#canReset = await knows('reset\n');
      this.#canFork = canFork && this.#canReset;
    }
    await questions.end();
  }

  /** A program that does not start ends the connection. */
  async open(events: ConnectionEvents): Promise<Connection> {
    const program = new TargetProcess(this.command, events);
    return {
      settles: true,
      put: (step) => program.put(step, this.#fileOf),
      ...(this.#canReset ? { reset: () => program.reset() } : {}),
      ...(this.#canFork ? { fork: () => program.write('fork\n') } : {}),
      join() {},
      close: () => program.end(),
    };
  }

  end(): void {
    this.#files.remove();
  }
}

/** A program that is asked one line after the other. */
class Questions {
  isOver = false;
  readonly #program: TargetProcess;
  #answered: (told: Told | undefined) => void = () => {};

  constructor(command: string) {
    this.#program = new TargetProcess(command, {
      received() {},
      settled: (told = {}) => this.#answered(told),
      ended: () => {
        this.isOver = true;
        this.#answered(undefined);
      },
    });
  }

  /** @returns undefined without an answer in time. A program that has not answered is asked no more. */
  ask(line: string, limitMs: number): Promise<Told | undefined> {
    if (this.isOver) return Promise.resolve(undefined);
    return new Promise((done) => {
      const cancel = deadline(limitMs, () => {
        this.isOver = true;
        done(undefined);
      });
      this.#answered = (told) => {
        cancel();
        done(told);
      };
      this.#program.write(line);
    });
  }

  end(): Promise<void> {
    return this.#program.end();
  }
}
