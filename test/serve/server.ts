import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../src/cli/run.js';
import { noStdio } from '../../src/node/stdio.js';
import { main } from '../cli/bundle.js';
import { deviceTree } from '../sim/scenarios.js';

/** A folder for sockets, whose path is short enough for them, with the recordings' vm.dtb in it. */
export class Workshop {
  readonly path = mkdtempSync(join(tmpdir(), 'gunyah-rm-'));
  readonly tree = join(this.path, 'vm.dtb');

  constructor() {
    writeFileSync(this.tree, deviceTree('vm.dtb') as Uint8Array);
  }

  file(name: string): string {
    return join(this.path, name);
  }

  remove(): void {
    rmSync(this.path, { recursive: true });
  }
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** What a server does for the class below: it tells what it prints and how it ends, and can be asked to end. */
interface Running {
  readonly ended: Promise<Omit<Ended, 'stderr'>>;
  stop(signal: NodeJS.Signals): void;
}

/** `gunyah-rm serve`, in this process or in one of its own. */
export class Server {
  /** Those that run, for tests that fail before they end theirs. */
  static readonly #running = new Set<Server>();
  readonly ended: Promise<Ended>;
  #stderr = '';
  readonly #server: Running;
  readonly #readers = new Set<() => void>();

  private constructor(start: (tell: (text: string) => void) => Running) {
    this.#server = start((text) => {
      this.#stderr += text;
      for (const reader of this.#readers) reader();
    });
    Server.#running.add(this);
    this.ended = this.#server.ended.then((ending) => {
      Server.#running.delete(this);
      return { ...ending, stderr: this.#stderr };
    });
  }

  /** Runs it in this process; signals are calls. */
  static inProcess(args: readonly string[]): Server {
    return Server.command(['serve', ...args]);
  }

  /** Runs any command that goes on until it is stopped. @param print gets its standard output. */
  static command(words: readonly string[], print: (text: string) => void = () => {}): Server {
    return new Server((tell) => {
      let stop = () => {};
      const onStop = (end: () => void) => {
        stop = end;
      };
      const write = (bytes: Uint8Array) => {
        print(Buffer.from(bytes).toString());
        return true;
      };
      const ended = run(words, { ...noStdio, write, writeError: tell, onStop });
      return { ended: ended.then((code) => ({ code, signal: null })), stop: () => stop() };
    });
  }

  /** Runs it as a process. @param nodeArgs options of Node itself. */
  static asProcess(args: readonly string[], nodeArgs: readonly string[] = []): Server {
    return new Server((tell) => {
      const child = spawn(process.execPath, [...nodeArgs, main, 'serve', ...args], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      child.stderr.on('data', (chunk) => tell(String(chunk)));
      return {
        ended: new Promise((done) => child.on('close', (code, signal) => done({ code, signal }))),
        stop: (signal) => void child.kill(signal),
      };
    });
  }

  /** Starts it in this process and waits until it can be connected to. */
  static ready(args: readonly string[]): Promise<Server> {
    return Server.inProcess(args).isReady();
  }

  static async stopAll(): Promise<void> {
    await Promise.all([...Server.#running].map((server) => server.stop('SIGKILL')));
  }

  async isReady(): Promise<this> {
    await this.told('ready');
    return this;
  }

  /** Waits until it has said something on stderr. Fails when it ends before. */
  told(text: string): Promise<void> {
    return new Promise((done, failed) => {
      const look = () => {
        if (!this.#stderr.includes(text)) return;
        this.#readers.delete(look);
        done();
      };
      this.#readers.add(look);
      look();
      void this.ended.then(({ code, stderr }) => failed(new Error(`ended with ${code}: ${stderr}`)));
    });
  }

  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    this.#server.stop(signal);
    return this.ended;
  }
}
