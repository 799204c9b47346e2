import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { formatHex, parseHex } from '../../base/hex.js';
import { LineSplitter } from '../../capture/packets/index.js';
import type { Ending, RemoteTarget, Response, Step } from '../../target/index.js';
import { StepWait } from './step-wait.js';

/** Characters of stderr that are kept. A sanitizer's report names the fault at its start. */
const STDERR_KEPT = 16 * 1024;
/** Most characters of a line. Longer ones are no answers. */
const LINE_SIZE_MAX = 64 * 1024;

/** Time to read the remaining output of a process that has ended. */
const DRAIN_MS = 200;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/**
 * A program that speaks the line protocol (cli.md, "Line protocol of exec targets"). It is started for every session, in a
 * shell and a process group of its own. Its end is a crash, no `ok` in time is a hang. Other output is ignored.
 */
export class ExecTarget implements RemoteTarget {
  readonly name: string;
  readonly local = false;
  readonly steps: ReadonlySet<Step['kind']> = new Set(['frame', 'load']);
  readonly #wait: StepWait;
  #process: TargetProcess | undefined;
  #folder: string | undefined;

  /** @param limitMs for each answer. */
  constructor(
    readonly command: string,
    limitMs: number,
  ) {
    this.name = `exec:${command}`;
    this.#wait = new StepWait(limitMs);
  }

  async reset(): Promise<void> {
    await this.#process?.end();
    this.#process = new TargetProcess(this.command, this.#wait);
    // If it does not start, the response to the first step says so.
    await this.#wait.settled(() => {});
    if (this.#wait.ended?.kind === 'hang') this.#wait.end({ kind: 'hang', text: 'no "ready"' });
  }

  async put(step: Step): Promise<Response> {
    const line = this.#lineOf(step);
    const response = await this.#wait.settled(() => this.#process?.write(line));
    if (response.ended?.kind === 'hang') await this.#process?.end();
    return response;
  }

  /** How the program ended, also before the first step. */
  get ended(): Ending | undefined {
    return this.#wait.ended;
  }

  async close(): Promise<void> {
    await this.#process?.end();
    this.#process = undefined;
    if (this.#folder !== undefined) rmSync(this.#folder, { recursive: true, force: true });
    this.#folder = undefined;
  }

  #lineOf(step: Step): string {
    if (step.kind === 'frame') return `tx ${step.from} ${formatHex(step.frame)}\n`;
    if (step.kind !== 'load') throw new TypeError(`${step.kind} is none of its steps`);
    this.#folder ??= mkdtempSync(join(tmpdir(), 'gunyah-rm-fuzz-'));
    const file = join(this.#folder, 'contents');
    writeFileSync(file, step.bytes);
    return `load 0x${step.address.toString(16)} ${file}\n`;
  }
}

/** One run of the program. */
class TargetProcess {
  readonly #wait: StepWait;
  readonly #child: Child;
  readonly #closed: Promise<void>;
  #stderr = '';
  #wanted = false;

  constructor(command: string, wait: StepWait) {
    this.#wait = wait;
    wait.begin();
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
    this.#wanted = true;
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
    if (word === 'ok' || word === 'ready') this.#wait.done();
    else if (word === 'abort') this.#wait.end({ kind: 'crash', text: this.#report(`abort ${rest}`) });
    else if (word === 'rx') this.#receive(rest);
  }

  #receive(text: string): void {
    const [, vmid, hex = ''] = /^(\d{1,5}) ([0-9a-fA-F]*)$/.exec(text) ?? [];
    const frame = parseHex(hex);
    if (vmid !== undefined && frame !== undefined) this.#wait.received(Number(vmid), frame);
  }

  #end(text: string): void {
    if (!this.#wanted) this.#wait.end({ kind: 'crash', text: this.#report(text) });
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
