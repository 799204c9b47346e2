import { spawn } from 'node:child_process';
import { plainBytes } from '../base/bytes.js';
import { FileError } from './file-error.js';

/** How long a script may take to clean up on the device before its connection is cut. */
const stopTimeoutMs = 8000;

export interface ScriptHandlers {
  /** Bytes of its standard output. The array is not used again. */
  readonly output: (bytes: Uint8Array) => void;
  /** A line of its standard error. */
  readonly message: (line: string) => void;
}

/** A shell script that runs on a device, fed through the standard input of a command such as `adb shell`. */
export class DeviceScript {
  /** The exit code of the command; undefined if a signal ended it. Rejects with FileError if it cannot be started. */
  readonly ended: Promise<number | undefined>;
  readonly #end: () => void;
  readonly #kill: () => void;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param keepOpen the script's standard input stays open until `stop`. It ends behind the script otherwise.
   * @param env of the command.
   */
  constructor(
    command: readonly [string, ...string[]],
    script: string,
    keepOpen: boolean,
    env: { readonly [name: string]: string | undefined },
    { output, message }: ScriptHandlers,
  ) {
    const [program, ...words] = command;
    // A group of its own: Ctrl-C must reach this program only, which then lets the script clean up.
    const child = spawn(program, words, { env, detached: true });
    this.#end = () => child.stdin.end();
    this.#kill = () => child.kill('SIGTERM');
    // The command may be gone before it has read all.
    child.stdin.on('error', () => {});
    child.stdin.write(script);
    if (!keepOpen) child.stdin.end();
    child.stdout.on('data', (bytes: Buffer) => output(plainBytes(bytes)));
    let rest = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split(/\r?\n/);
      rest = lines.pop() ?? '';
      for (const line of lines) message(line);
    });
    this.ended = new Promise((done, failed) => {
      child.on('error', (error) => failed(new FileError(program, error)));
      child.on('close', (code) => {
        clearTimeout(this.#timer);
        if (rest !== '') message(rest);
        done(code ?? undefined);
      });
    });
  }

  /** Lets the script clean up and end. `ended` tells when it has. */
  stop(): void {
    this.#end();
    this.#timer ??= setTimeout(this.#kill, stopTimeoutMs);
  }
}
