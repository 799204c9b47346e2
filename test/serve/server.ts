import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { main } from '../cli/run.js';
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

/** `gunyah-rm serve` as a process of its own. */
export class Server {
  /** Those that run, for tests that fail before they end theirs. */
  static readonly #running = new Set<Server>();
  readonly ended: Promise<Ended>;
  #stderr = '';
  readonly #process: ChildProcess;
  readonly #readers = new Set<() => void>();

  /** @param nodeArgs options of Node itself. */
  constructor(args: readonly string[], nodeArgs: readonly string[] = []) {
    this.#process = spawn(process.execPath, [...nodeArgs, main, 'serve', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    Server.#running.add(this);
    this.#process.stderr?.on('data', (chunk) => {
      this.#stderr += chunk;
      for (const reader of this.#readers) reader();
    });
    this.ended = new Promise((done) => {
      this.#process.on('close', (code, signal) => {
        Server.#running.delete(this);
        done({ code, signal, stderr: this.#stderr });
      });
    });
  }

  /** Starts it and waits until it can be connected to. */
  static async ready(args: readonly string[]): Promise<Server> {
    const server = new Server(args);
    await server.told('ready');
    return server;
  }

  static async stopAll(): Promise<void> {
    await Promise.all([...Server.#running].map((server) => server.stop('SIGKILL')));
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
    this.#process.kill(signal);
    return this.ended;
  }
}
