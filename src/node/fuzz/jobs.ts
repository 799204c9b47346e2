import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Runs this program once for each list of words, all at the same time. */
export class Jobs {
  readonly #children;

  /** @param told called for every line that one of them prints on stderr. */
  constructor(lists: readonly (readonly string[])[], told: (line: string) => void) {
    const program = [...process.execArgv, process.argv[1] as string];
    this.#children = lists.map((words) => {
      const child = spawn(process.execPath, [...program, ...words], { stdio: ['ignore', 'ignore', 'pipe'] });
      createInterface({ input: child.stderr }).on('line', told);
      const ended = new Promise<number>((done) => {
        child.on('error', () => done(3));
        // Ended by a signal: the machine or somebody has killed it, and what it has saved counts.
        child.on('close', (code) => done(code ?? 0));
      });
      return { child, ended };
    });
  }

  /** Exit codes of all, once all have ended. */
  ended(): Promise<readonly number[]> {
    return Promise.all(this.#children.map(({ ended }) => ended));
  }

  /** Asks all to end. */
  stop(): void {
    for (const { child } of this.#children) child.kill('SIGINT');
  }
}
