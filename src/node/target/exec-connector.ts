import {
  type Connection,
  type ConnectionEvents,
  type Connector,
  type Step,
  writeLine,
} from '../../target/index.js';
import { ContentsFiles } from './contents-files.js';
import { TargetProcess } from './target-process.js';

/** Whoever asks decides how long it waits: the longest time of a timer, milliseconds. */
const NO_LIMIT_MS = 2 ** 31 - 1;

/**
 * A program that speaks the line protocol (cli.md, "Line protocol of exec targets"). It is started for every connection.
 * Its end is a crash.
 */
export class ExecConnector implements Connector {
  readonly name: string;
  readonly steps: ReadonlySet<Step['kind']> = new Set(['frame', 'load']);
  readonly isFresh = true;

  constructor(readonly command: string) {
    this.name = `exec:${command}`;
  }

  /** A program that does not start ends the connection. */
  async open(events: ConnectionEvents): Promise<Connection> {
    const program = new TargetProcess(this.command);
    const files = new ContentsFiles();
    let isOpen = true;
    const ask = async (lines: string) => {
      for (const { out, ended } of isOpen ? await program.ask(lines, 1, NO_LIMIT_MS) : []) {
        if (!isOpen) return;
        for (const { to, frame } of out) events.received(to, frame);
        isOpen = ended === undefined;
        if (ended === undefined) events.settled();
        else events.ended(ended);
      }
    };
    let asked = ask('');
    return {
      settles: true,
      put(step) {
        const line = writeLine(step, (bytes) => files.of(bytes));
        asked = asked.then(() => ask(line));
      },
      join() {},
      async close() {
        isOpen = false;
        await program.end();
        files.remove();
      },
    };
  }
}
