import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { ByteWriter } from '../../base/byte-writer.js';
import { plainBytes } from '../../base/bytes.js';
import { WireError } from '../../base/error.js';
import { HexDecoder } from '../../base/hex-decoder.js';
import { latin1 } from '../../base/text.js';
import { LineCutter } from '../../capture/packets/index.js';
import {
  type ConnectionEvents,
  type Ending,
  readFrameWords,
  readReceived,
  type Step,
  type Told,
  writeLine,
  writeProgramEnd,
} from '../../target/index.js';

/** Characters of stderr that are kept. A sanitizer's report names the fault at its start. */
const STDERR_KEPT = 16 * 1024;
/** Most bytes of a line. Longer ones are no answers. */
const LINE_SIZE_MAX = 1024 * 1024;
/** Bytes of lines for which there is room at the start. */
const LINES_SIZE = 1 << 16;
/** `ok`, its characters as two bytes. */
const [O, K] = [0x6f, 0x6b];
const SPACE = 0x20;
const COMMA = 0x2c;
const ZERO = 0x30;
const COVERAGE = 'cov ';
/** Most digits of an edge's number. */
const EDGE_DIGITS = 9;
/** Time to read the remaining output of a process that has ended. */
const DRAIN_MS = 200;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** One run of a program that speaks the line protocol: lines go in, events come out. */
export class TargetProcess {
  readonly #child: Child;
  readonly #events: ConnectionEvents;
  readonly #closed: Promise<void>;
  /** Lines to write, which go out together at the end of the turn. */
  readonly #lines = new ByteWriter(LINES_SIZE);
  readonly #answers = new LineCutter((data, start, end) => this.#line(data, start, end), LINE_SIZE_MAX);
  readonly #hex = new HexDecoder();
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
    child.stdout.on('data', (chunk: Buffer) => this.#read(plainBytes(chunk)));
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

  /** @param fileOf name of a file with these bytes. */
  put(step: Step, fileOf: (bytes: Uint8Array) => string): void {
    if (this.#canWrite()) writeLine(this.#lines, step, fileOf);
  }

  write(line: string): void {
    if (this.#canWrite()) this.#lines.text(line);
  }

  #canWrite(): boolean {
    if (this.#hasEnded) return false;
    if (this.#lines.at === 0) queueMicrotask(() => this.#flush());
    return true;
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
    const { bytes, at } = this.#lines;
    this.#lines.at = 0;
    // A copy, since it may have to wait.
    if (this.#child.stdin.writable) this.#child.stdin.write(bytes.slice(0, at));
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

  #read(chunk: Uint8Array): void {
    if (this.#isDeaf) return;
    try {
      this.#answers.push(chunk);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // No line after one that is too long can be found.
      this.#isDeaf = true;
    }
  }

  #line(data: Uint8Array, start: number, lineEnd: number): void {
    if (this.#hasEnded) return;
    let end = lineEnd;
    while (end > start && (data[end - 1] as number) <= SPACE) end--;
    if (end - start === 2 && data[start] === O && data[start + 1] === K) {
      this.#events.settled(this.#told());
      return;
    }
    const words = readFrameWords('rx', data, start, end, this.#hex);
    if (words !== undefined) this.#events.received(words.vmid, words.frame);
    else if (!this.#coverage(data, start, end)) this.#words(latin1(data, start, end));
  }

  /** Takes a `cov` line, of which a target may print one for each step. */
  #coverage(data: Uint8Array, start: number, end: number): boolean {
    for (let index = 0; index < COVERAGE.length; index++)
      if (data[start + index] !== COVERAGE.charCodeAt(index)) return false;
    const at = start + COVERAGE.length;
    const bitmap = this.#hex.decode(data, at, end);
    this.#edges ??= [];
    if (bitmap === undefined) addEdges(this.#edges, data, at, end);
    else addEdgesOf(this.#edges, bitmap);
    return true;
  }

  #words(line: string): void {
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
      case 'rx': {
        const words = readReceived(rest);
        if (words !== undefined) this.#events.received(words.vmid, words.frame);
        break;
      }
      case 'cov':
        this.#edges ??= [];
        break;
      case 'cmp':
        this.#comparisons ??= [];
        for (const number of rest.split(' ')) addComparison(this.#comparisons, number);
        break;
      case 'abort':
        this.#end({ kind: 'crash', text: writeProgramEnd(`abort ${rest}`.trimEnd(), this.#stderr) });
    }
  }

  /** What it has said of itself since the last `ok`. */
  #told(): Told | undefined {
    const edges = this.#edges;
    const comparisons = this.#comparisons;
    if (edges === undefined && comparisons === undefined) return undefined;
    this.#edges = undefined;
    this.#comparisons = undefined;
    if (comparisons === undefined) return edges && { edges };
    return edges === undefined ? { comparisons } : { edges, comparisons };
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
    this.#end({ kind: 'crash', text: writeProgramEnd(text, this.#stderr) });
  }
}

/** A shell reports the signal that ended a program as a code above 128. */
function exitText(code: number | null): string {
  const signal = Object.entries(constants.signals).find(([, number]) => number === (code ?? 0) - 128);
  return signal === undefined ? `exit ${code}` : signal[0];
}

const NUMBER = /^(0x[0-9a-f]{1,12}|\d{1,15})$/i;

/** Adds the edges that a list names by their numbers, between spaces or commas. One word without these is no list. */
function addEdges(edges: number[], line: Uint8Array, start: number, end: number): void {
  let number = 0;
  let digits = 0;
  let isNumber = true;
  let isList = false;
  for (let at = start; at <= end; at++) {
    const byte = line[at] as number;
    if (at < end && byte !== COMMA && byte !== SPACE) {
      isNumber &&= byte >= ZERO && byte < ZERO + 10;
      number = 10 * number + byte - ZERO;
      digits++;
      continue;
    }
    isList ||= at < end;
    if (isList && isNumber && digits > 0 && digits <= EDGE_DIGITS) edges.push(number);
    number = 0;
    digits = 0;
    isNumber = true;
  }
}

/** Adds the edges of a bitmap: bit b of byte n is edge 8 n + b. */
function addEdgesOf(edges: number[], bitmap: Uint8Array): void {
  for (let index = 0; index < bitmap.length; index++)
    for (let byte = bitmap[index] as number, bit = 0; byte !== 0; byte >>= 1, bit++)
      if ((byte & 1) !== 0) edges.push(8 * index + bit);
}

/** Adds a word of a `cmp` line: a constant, decimal or hexadecimal, and behind a colon what it was compared with. */
function addComparison(comparisons: number[], text: string): void {
  const [constant = '', other = ''] = text.split(':');
  if (NUMBER.test(constant)) comparisons.push(Number(constant), NUMBER.test(other) ? Number(other) : -1);
}
