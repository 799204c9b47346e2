/** How a program ended, and what it had printed on standard error until then. */
export interface ProgramEnd {
  /** `abort`: a line on standard output says so, and the program may live on. */
  readonly by: 'abort' | 'signal' | 'exit';
  /** The line, the name of the signal, or the exit code. */
  readonly what: string;
  readonly stderr: string;
}

/** The text of an ending. @param end a line `abort ...`, the name of a signal, `exit CODE`, or why it did not start. */
export function writeProgramEnd(end: string, stderr: string): string {
  const report = stderr.trimEnd();
  return report === '' ? end : `${end}\n${report}`;
}

/** What {@link writeProgramEnd} has written of a program; undefined for what is no end of a program. */
export function readProgramEnd(text: string): ProgramEnd | undefined {
  const [end = '', ...stderr] = text.split('\n');
  const [, code] = /^exit (\d+)$/.exec(end) ?? [];
  const by =
    code !== undefined
      ? 'exit'
      : /^abort\b/.test(end)
        ? 'abort'
        : /^SIG\w+$/.test(end)
          ? 'signal'
          : undefined;
  return by && { by, what: code ?? end, stderr: stderr.join('\n') };
}
