import { UsageError } from '../base/error.js';
import { quote } from './script.js';

/** Where a script runs. */
export type Target = { readonly kind: 'adb' | 'local' } | { readonly kind: 'ssh'; readonly host: string };

/**
 * Becomes root by what there is: nothing needed, su of Android's userdebug builds, su of Magisk, or sudo without a
 * password. Then runs the script that comes on standard input, which stays open: when it ends, the script stops.
 */
function asRoot(command: string, programs: readonly (readonly [test: string, run: string])[]): string {
  const others = programs.map(([test, run]) => `elif ${test} </dev/null >/dev/null 2>&1; then exec ${run}; `);
  return `if [ "$(id -u)" = 0 ]; then exec ${command}; ${others.join('')}else echo 'gunyah-rm: cannot become root' >&2; exit 1; fi`;
}

/** The command that runs a script from its standard input on a target. @param argument of the script; may be empty. */
export function targetCommand(target: Target, argument: string): readonly [string, ...string[]] {
  const shell = `sh -s${argument === '' ? '' : ` ${argument}`}`;
  const su = asRoot(shell, [
    ['su 0 id', `su 0 ${shell}`],
    ['su -c id', `su -c ${quote(shell)}`],
  ]);
  const sudo = asRoot(shell, [['sudo -n true', `sudo -n ${shell}`]]);
  switch (target.kind) {
    case 'adb':
      // Without a terminal: a terminal turns line feeds into carriage returns and line feeds.
      return ['adb', 'shell', '-T', su];
    case 'ssh':
      // The terminal belongs to the decoded messages: ssh may not ask for a password there.
      return ['ssh', '-T', '-o', 'BatchMode=yes', '--', target.host, sudo];
    case 'local':
      return ['sh', '-c', sudo];
  }
}

/** The target of the words behind `--run`. @throws UsageError for anything but `adb`, `local` and `ssh HOST`. */
export function parseTarget(words: readonly string[]): Target {
  const [kind, host, ...rest] = words;
  if ((kind === 'adb' || kind === 'local') && host === undefined) return { kind };
  // ssh would take a host with a dash for an option.
  if (kind === 'ssh' && host !== undefined && !host.startsWith('-') && rest.length === 0)
    return { kind, host };
  const actual = words.join(' ');
  throw new UsageError({ code: 'argument', path: '--run', expected: 'adb, local or ssh HOST', actual });
}
