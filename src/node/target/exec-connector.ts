import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { formatHex, parseHex } from '../../base/hex.js';
import { LineSplitter } from '../../capture/packets/index.js';
import type { Connection, ConnectionEvents, Connector, Ending, Step } from '../../target/index.js';

/** Characters of stderr that are kept. A sanitizer's report names the fault at its start. */
const STDERR_KEPT = 16 * 1024;
/** Most characters of a line. Longer ones are no answers. */
const LINE_SIZE_MAX = 64 * 1024;

/** Time to read the remaining output of a process that has ended. */
const DRAIN_MS = 200;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * A program that speaks the line protocol (cli.md, "Line protocol of exec targets"). It is started for every connection,
 * in a shell and a process group of its own. Its end is a crash. Other output is ignored.
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
    const program = new TargetProcess(this.command, events);
    const files = new LoadedFiles();
    return {
      settles: true,
      put: (step) => program.write(lineOf(step, files)),
      join() {},
      async close() {
        await program.end();
        files.remove();
      },
    };
  }
}

function lineOf(step: Step, files: LoadedFiles): string {
  if (step.kind === 'frame') return `tx ${step.from} ${formatHex(step.frame)}\n`;
  if (step.kind !== 'load') throw new TypeError(`${step.kind} is none of its steps`);
  return `load 0x${step.address.toString(16)} ${files.write(step.bytes)}\n`;
}

/** The file through which a program gets contents of memory. */
class LoadedFiles {
  #folder: string | undefined;

  /** @returns its path. */
  write(bytes: Uint8Array): string {
    this.#folder ??= mkdtempSync(join(tmpdir(), 'gunyah-rm-load-'));
    const file = join(this.#folder, 'contents');
    writeFileSync(file, bytes);
    return file;
  }

  remove(): void {
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }
}

/** One run of the program. */
class TargetProcess {
  readonly #events: ConnectionEvents;
  readonly #child: Child;
  readonly #closed: Promise<void>;
  #stderr = '';
  /** It has ended, or nobody wants to know more of it. */
  #isOver = false;

  constructor(command: string, events: ConnectionEvents) {
    this.#events = events;
    const child = spawn(command, { shell: true, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    const lines = new LineSplitter((text) => this.#line(text), LINE_SIZE_MAX);
    child.stdout.on('data', (chunk: Buffer) => {
      try {
        lines.push(chunk);
      } catch {
        // The line is too long. No line after it can be found.
        child.stdout.removeAllListeners('data').resume();
      }
    });
    child.stderr.on('data', (chunk: Buffer) => {
      // Later reports are mostly consequences of the first one.
      if (this.#stderr.length < STDERR_KEPT) this.#stderr += chunk.toString('latin1');
    });
    child.stdin.on('error', () => {});
    child.on('error', (error) => this.#end(error.message));
    this.#closed = new Promise((done) => {
      child.on('close', (code, signal) => {
        this.#end(signal ?? exitText(code));
        done();
      });
      // Its child processes can outlive it and keep its output open.
      child.on('exit', () => setTimeout(() => this.#destroy(), DRAIN_MS).unref());
    });
  }

  write(line: string): void {
    if (this.#child.stdin.writable) this.#child.stdin.write(line);
  }

  /** Kills it and its child processes. */
  async end(): Promise<void> {
    this.#isOver = true;
    const { pid } = this.#child;
    try {
      if (pid !== undefined) process.kill(-pid, 'SIGKILL');
    } catch {
      // It has already ended.
    }
    this.#destroy();
    await this.#closed;
  }

  #destroy(): void {
    for (const stream of [this.#child.stdout, this.#child.stderr]) stream.destroy();
  }

  #line(text: string): void {
    const [, word, rest = ''] = /^(ok|ready|abort|rx)(?: (.*))?\s*$/.exec(text.trimEnd()) ?? [];
    if (this.#isOver) return;
    if (word === 'ok' || word === 'ready') this.#events.settled();
    else if (word === 'abort') this.#end(`abort ${rest}`);
    else if (word === 'rx') this.#receive(rest);
  }

  #receive(text: string): void {
    const [, vmid, hex = ''] = /^(\d{1,5}) ([0-9a-fA-F]*)$/.exec(text) ?? [];
    const frame = parseHex(hex);
    if (vmid !== undefined && frame !== undefined) this.#events.received(Number(vmid), frame);
  }

  #end(text: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const ending: Ending = { kind: 'crash', text: this.#report(text) };
    this.#events.ended(ending);
  }

  #report(text: string): string {
    const stderr = this.#stderr.trimEnd();
    return stderr === '' ? text : `${text}\n${stderr}`;
  }
}

/** A shell reports the signal that ended a program as a code above 128. */
function exitText(code: number | null): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === (code ?? 0) - 128);
  return signal === undefined ? `exit ${code}` : signal[0];
}
