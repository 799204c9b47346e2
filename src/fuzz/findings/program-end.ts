import { type ProgramEnd, readProgramEnd } from '../../target/index.js';
import type { Cause } from '../oracle/cause.js';

/** How the program ended whose death is a finding; undefined for other findings and targets. @param target its name. */
export function programEndOf({ kind, text }: Cause, target: string): ProgramEnd | undefined {
  return kind === 'crash' && target.startsWith('exec:') ? readProgramEnd(text) : undefined;
}

/** The same in a sentence. */
export function programEndText({ by, what }: ProgramEnd): string {
  switch (by) {
    case 'abort':
      return `the target said so itself, by the line \`${what}\` on standard output. It was not ended by a signal or with an exit code`;
    case 'signal':
      return `signal ${what} ended the target`;
    case 'exit':
      return `the target ended with exit code ${what}, without a signal`;
  }
}
