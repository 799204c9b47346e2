import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { ConnectionEvents, Ending, Told } from '../../target/index.js';

/** Characters of stderr that are kept. A sanitizer's report names the fault at its start. */
const STDERR_KEPT = 16 * 1024;
/** Most characters of a line. Longer ones are no answers. */
const LINE_SIZE_MAX = 1024 * 1024;
/** Time to read the remaining output of a process that has ended. */
const DRAIN_MS = 200;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** One run of a program that speaks the line protocol: lines go in, events come out. */
export class TargetProcess {
  readonly #child: Child;
  readonly #events: ConnectionEvents;
  readonly #closed: Promise<void>;
  /** Lines to write, which go out together at the end of the turn. */
  #lines = '';
  #text = '';
  #isDeaf = false;
  #stderr = '';
  #wanted = false;
  #hasEnded = false;
  /** The process is gone. After `abort` it need not be. */
  #isGone = false;
  #edges: number[] | undefined;
  #comparisons: number[] | undefined;

  constructor(command: string, events: ConnectionEvents) {
    this.#events = events;
    const child = spawn(command, { shell: true, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdout.setEncoding('latin1');
    child.stdout.on('data', (chunk: string) => this.#read(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      // Later reports are mostly consequences of the first one.
      if (this.#stderr.length < STDERR_KEPT) this.#stderr += chunk.toString('latin1');
    });
    child.stdin.on('error', () => {});
    child.on('error', (error) => this.#gone(error.message));
    this.#closed = new Promise((done) => {
      child.on('close', (code, signal) => {
        this.#gone(signal ?? exitText(code));
        done();
      });
      // Its child processes can outlive it and keep its output open.
      child.on('exit', () => setTimeout(() => this.#destroy(), DRAIN_MS).unref());
    });
  }

  write(line: string): void {
    if (this.#hasEnded) return;
    if (this.#lines === '') queueMicrotask(() => this.#flush());
    this.#lines += line;
  }

  /** Has it boot again, also after `abort`. */
  reset(): void {
    if (this.#isGone) {
      this.#events.ended({ kind: 'crash', text: 'it has ended' });
      return;
    }
    this.#hasEnded = false;
    this.#stderr = '';
    this.write('reset\n');
  }

  #flush(): void {
    const lines = this.#lines;
    this.#lines = '';
    if (this.#child.stdin.writable) this.#child.stdin.write(lines, 'latin1');
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

  #read(chunk: string): void {
    if (this.#isDeaf) return;
    const text = this.#text === '' ? chunk : this.#text + chunk;
    let at = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', at)) {
      this.#line(text, at, end);
      at = end + 1;
    }
    this.#text = text.slice(at);
    // No line after one that is too long can be found.
    if (this.#text.length > LINE_SIZE_MAX) this.#isDeaf = true;
    if (this.#isDeaf) this.#text = '';
  }

  #line(text: string, start: number, lineEnd: number): void {
    if (lineEnd - start > LINE_SIZE_MAX) {
      this.#isDeaf = true;
      return;
    }
    if (this.#isDeaf || this.#hasEnded) return;
    if (lineEnd - start === 2 && text.startsWith('ok', start)) {
      this.#events.settled(this.#told());
      return;
    }
    const line = text.slice(start, lineEnd).trimEnd();
    const space = line.indexOf(' ');
    const rest = space < 0 ? '' : line.slice(space + 1);
    switch (space < 0 ? line : line.slice(0, space)) {
      case 'ok':
      case 'ready':
        this.#events.settled(this.#told());
        break;
      case 'unsupported':
        this.#events.settled({ ...this.#told(), unsupported: true });
        break;
      case 'rx':
        this.#receive(rest);
        break;
      case 'cov':
        this.#edges ??= [];
        addEdges(this.#edges, rest);
        break;
      case 'cmp':
        this.#comparisons ??= [];
        for (const number of rest.split(' ')) addComparison(this.#comparisons, number);
        break;
      case 'abort':
        this.#end({ kind: 'crash', text: this.#report(`abort ${rest}`.trimEnd()) });
    }
  }

  #receive(text: string): void {
    const space = text.indexOf(' ');
    const hex = text.slice(space + 1);
    const vmid = Number(text.slice(0, space));
    const frame = Buffer.from(hex, 'hex');
    // Node stops at the first character that is no hex digit.
    if (space <= 0 || !(vmid >= 0 && vmid <= 0xffff) || 2 * frame.length !== hex.length) return;
    this.#events.received(vmid, new Uint8Array(frame.buffer, frame.byteOffset, frame.length));
  }

  /** What it has said of itself since the last `ok`. */
  #told(): Told | undefined {
    const edges = this.#edges;
    const comparisons = this.#comparisons;
    if (edges === undefined && comparisons === undefined) return undefined;
    this.#edges = undefined;
    this.#comparisons = undefined;
    return {
      ...(edges === undefined ? {} : { edges }),
      ...(comparisons === undefined ? {} : { comparisons }),
    };
  }

  #end(ending: Ending): void {
    if (this.#hasEnded || this.#wanted) return;
    this.#hasEnded = true;
    this.#edges = undefined;
    this.#comparisons = undefined;
    this.#events.ended(ending);
  }

  #gone(text: string): void {
    this.#isGone = true;
    this.#end({ kind: 'crash', text: this.#report(text) });
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

const NUMBER = /^(0x[0-9a-f]{1,12}|\d{1,15})$/i;

/**
 * Adds the edges that a `cov` line names: one word is a bitmap in hex, in which bit b of byte n is edge 8 n + b. Several
 * words, or numbers between commas, are edge numbers.
 */
function addEdges(edges: number[], text: string): void {
  if (/[ ,]/.test(text)) {
    for (const number of text.split(/[ ,]+/)) if (/^\d{1,9}$/.test(number)) edges.push(Number(number));
    return;
  }
  const bitmap = Buffer.from(text, 'hex');
  for (let index = 0; index < bitmap.length; index++)
    for (let byte = bitmap[index] as number, bit = 0; byte !== 0; byte >>= 1, bit++)
      if ((byte & 1) !== 0) edges.push(8 * index + bit);
}

/** Adds a word of a `cmp` line: a constant, decimal or hexadecimal, and behind a colon what it was compared with. */
function addComparison(comparisons: number[], text: string): void {
  const [constant = '', other = ''] = text.split(':');
  if (NUMBER.test(constant)) comparisons.push(Number(constant), NUMBER.test(other) ? Number(other) : -1);
}
