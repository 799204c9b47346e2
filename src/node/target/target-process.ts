import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import type { Ending, Response } from '../../target/index.js';

/** Characters of stderr that are kept. A sanitizer's report names the fault at its start. */
const STDERR_KEPT = 16 * 1024;
/** Most characters of a line. Longer ones are no answers. */
const LINE_SIZE_MAX = 1024 * 1024;
/** Most messages after one step. A target that sends more is taken to send without end. */
const TAKEN_MAX = 65_536;
/** Time to read the remaining output of a process that has ended. */
const DRAIN_MS = 200;
/** Time in which a target that has reported its end boots again, milliseconds. */
const RESET_MS = 1000;

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** One run of a program that speaks the line protocol. */
export class TargetProcess {
  readonly #child: Child;
  readonly #closed: Promise<void>;
  #text = '';
  #isDeaf = false;
  #stderr = '';
  #wanted = false;
  #ended: Ending | undefined;
  /** The process is gone. After `abort` it need not be. */
  #isGone = false;
  #responses: Response[] = [];
  #out: Response['out'][number][] = [];
  #edges: number[] | undefined;
  #operands: number[] | undefined;
  #missing = 0;
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(command: string) {
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

  /**
   * Writes lines and waits for so many answers. @param limitMs for each answer; without one in time the target hangs.
   *
   * @returns fewer when the target ends; then the last one says how.
   */
  async ask(lines: string, count: number, limitMs: number): Promise<Response[]> {
    this.#missing = count;
    if (this.#ended === undefined && lines !== '' && this.#child.stdin.writable)
      this.#child.stdin.write(lines);
    if (this.#ended === undefined && this.#missing > 0) await this.#answered(limitMs);
    const responses = this.#responses;
    this.#responses = [];
    if (this.#missing > 0) {
      const ended = this.#ended ?? { kind: 'hang', text: `no answer within ${limitMs} ms` };
      responses.push(this.#response({ ended }));
    }
    return responses;
  }

  /** Has it boot again, also after `abort`. @returns whether it did. */
  async reset(limitMs: number): Promise<boolean> {
    if (this.#isGone) return false;
    this.#ended = undefined;
    this.#stderr = '';
    const [answer] = await this.ask('reset\n', 1, Math.min(limitMs, RESET_MS));
    return answer?.ended === undefined && answer?.unsupported !== true;
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

  #answered(limitMs: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, limitMs);
      this.#timer = timer;
      this.#wake = () => {
        clearTimeout(timer);
        this.#timer = undefined;
        this.#wake = undefined;
        done();
      };
    });
  }

  #read(chunk: string): void {
    if (this.#isDeaf) return;
    const before = this.#responses.length;
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
    if (this.#responses.length > before) this.#timer?.refresh();
    if (this.#missing === 0 || this.#ended !== undefined) this.#wake?.();
  }

  #line(text: string, start: number, lineEnd: number): void {
    if (lineEnd - start > LINE_SIZE_MAX) {
      this.#isDeaf = true;
      return;
    }
    if (this.#isDeaf || this.#ended !== undefined) return;
    const line = text.slice(start, lineEnd).trimEnd();
    const space = line.indexOf(' ');
    const rest = space < 0 ? '' : line.slice(space + 1);
    switch (space < 0 ? line : line.slice(0, space)) {
      case 'ok':
      case 'ready':
        this.#done(this.#response({}));
        break;
      case 'unsupported':
        this.#done(this.#response({ unsupported: true }));
        break;
      case 'rx':
        this.#receive(rest);
        break;
      case 'cov':
        this.#edges ??= [];
        addEdges(this.#edges, rest);
        break;
      case 'cmp':
        this.#operands ??= [];
        for (const number of rest.split(' ')) addOperand(this.#operands, number);
        break;
      case 'abort':
        this.#ended ??= { kind: 'crash', text: this.#report(`abort ${rest}`.trimEnd()) };
    }
  }

  #receive(text: string): void {
    const space = text.indexOf(' ');
    const hex = text.slice(space + 1);
    const vmid = Number(text.slice(0, space));
    const frame = Buffer.from(hex, 'hex');
    // Node stops at the first character that is no hex digit.
    if (space <= 0 || !(vmid >= 0 && vmid <= 0xffff) || 2 * frame.length !== hex.length) return;
    if (this.#out.length === TAKEN_MAX)
      this.#ended ??= { kind: 'hang', text: `more than ${TAKEN_MAX} messages` };
    else this.#out.push({ to: vmid, frame: new Uint8Array(frame.buffer, frame.byteOffset, frame.length) });
  }

  #response(how: Partial<Response>): Response {
    const edges = this.#edges;
    const operands = this.#operands;
    const response = {
      out: this.#out,
      refused: false,
      ended: undefined,
      ...(edges === undefined ? {} : { edges }),
      ...(operands === undefined ? {} : { operands }),
      ...how,
    };
    this.#out = [];
    this.#edges = undefined;
    this.#operands = undefined;
    return response;
  }

  #done(response: Response): void {
    // An `ok` that nobody has asked for answers nothing.
    if (this.#missing === 0) return;
    this.#missing--;
    this.#responses.push(response);
  }

  #gone(text: string): void {
    this.#isGone = true;
    if (!this.#wanted) this.#ended ??= { kind: 'crash', text: this.#report(text) };
    this.#wake?.();
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

/** Adds a value of a `cmp` line: an operand of a comparison, decimal or hexadecimal. */
function addOperand(operands: number[], text: string): void {
  if (/^(0x[0-9a-f]{1,12}|\d{1,15})$/i.test(text)) operands.push(Number(text));
}
