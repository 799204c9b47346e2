import { type BigIntStats, fstatSync, statSync } from 'node:fs';
import type { Stdio } from './stdio.js';

/** An output of the command line is something that the command also reads or writes. Nothing was written. */
export class FileConflict extends Error {
  override readonly name = 'FileConflict';
}

/** An output that was named on the command line. */
interface NamedOutput {
  readonly path: string;
  readonly option: string;
}

/**
 * Decides for all commands that an output is no input and no other output. Files are told apart by device and inode, so
 * links and redirections count. Every file is noted before anything is written.
 */
export class FileUse {
  readonly #stdio: Stdio;
  readonly #inputs = new Set<string>();
  readonly #outputs = new Map<string, NamedOutput>();

  constructor(stdio: Stdio) {
    this.#stdio = stdio;
  }

  /** Notes an input; `-` is standard input. @throws FileConflict if it is an output. */
  reads(path: string): void {
    const id = identityOf(path === '-' ? this.#stdio.inputFd : path);
    if (id === undefined) return;
    const output = this.#outputs.get(id);
    if (output !== undefined) refuse(output, 'another file than what is read');
    this.#inputs.add(id);
  }

  /** Notes an output; `-` is standard output. @throws FileConflict if it is an input or another output. */
  writes(path: string, option: string): void {
    const id = identityOf(path === '-' ? this.#stdio.outputFd : path);
    if (id === undefined) return;
    if (this.#inputs.has(id)) refuse({ path, option }, 'another file than what is read');
    if (this.#outputs.has(id)) refuse({ path, option }, 'another file than the other output');
    this.#outputs.set(id, { path, option });
  }
}

/** Device and inode of a regular file; undefined for anything else, which cannot be overwritten. */
function identityOf(file: string | number | undefined): string | undefined {
  const stats = statsOf(file);
  return stats?.isFile() === true || stats?.isBlockDevice() === true
    ? `${stats.dev}:${stats.ino}`
    : undefined;
}

/** What is at a path or behind a descriptor; undefined if nothing is, or nothing can be known of it. */
export function statsOf(file: string | number | undefined): BigIntStats | undefined {
  try {
    if (typeof file === 'number') return fstatSync(file, { bigint: true });
    return file === undefined ? undefined : statSync(file, { bigint: true, throwIfNoEntry: false });
  } catch {
    // Who opens it reports why.
    return undefined;
  }
}

function refuse({ path, option }: NamedOutput, expected: string): never {
  const actual = path === '-' ? 'standard output' : path;
  throw new FileConflict(`${option}: expected ${expected}, not ${actual}`);
}
