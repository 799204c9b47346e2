import { spawn } from 'node:child_process';
import { main } from '../cli/bundle.js';

/** A command that runs until it is stopped. */
export interface RunningCommand {
  /** What it says behind `ready:`. */
  readonly url: string;
  /** Stops it; returns its exit code. */
  stop(): Promise<number | null>;
}

/** Starts a command, and waits until it is ready. */
export function startCommand(words: readonly string[]): Promise<RunningCommand> {
  const child = spawn(process.execPath, [main, ...words]);
  const ended = new Promise<number | null>((done) => child.on('close', done));
  let said = '';
  return new Promise((done, failed) => {
    child.stderr.on('data', (text: Buffer) => {
      said += text.toString();
      const url = /ready: (\S+)/.exec(said)?.[1];
      if (url === undefined) return;
      done({
        url,
        stop: () => {
          child.kill('SIGINT');
          return ended;
        },
      });
    });
    void ended.then((code) => failed(new Error(`it ended with ${code}: ${said}`)));
  });
}
