import type { Kernel } from './kernels.js';

/** What a script is made from. */
export interface ScriptOptions {
  readonly kernel: Kernel;
  /** Seconds until the script stops by itself; undefined: when it is told to. */
  readonly duration: number | undefined;
  /** Only these queues (capability IDs or descriptors, 64 bits); empty: all. */
  readonly capids: readonly bigint[];
}

/**
 * The part of a script that differs between methods: definitions of the shell functions
 * `check` (refuses a kernel that cannot do it), `prepare` (starts to print, sets `reader` to the process),
 * `attach` (from here on messages are seen), `drain` (no new ones, waits until all are printed), `report` (what was
 * lost), `clean` (removes everything; may be called twice) and `is_left` (whether there is anything to remove).
 */
export interface MethodText {
  readonly comments: readonly string[];
  readonly functions: string;
}

/** Name of everything that a script makes in the kernel: group of probes, trace instance. */
export const MARK = 'gunyah_rm';

const sayFunctions = `say() { echo "gunyah-rm: $*" >&2; }
fail() { say "$*"; exit 1; }
# Not every sleep knows fractions of a second.
nap() { sleep 0.3 2>/dev/null || sleep 1; }`;

const lifeCycle = `# The reader may outlive this shell if the shell is killed. So a second process waits for that and cleans up.
watch() {
  trap '' INT TERM HUP
  while kill -0 $$ 2>/dev/null; do sleep 1; done
  kill "$reader" 2>/dev/null
  clean
}

stop() {
  trap - EXIT
  trap '' INT TERM HUP PIPE
  if [ -n "$reader" ]; then
    drain
    kill "$reader" 2>/dev/null
    wait "$reader" 2>/dev/null
  fi
  report
  clean
  # shellcheck disable=SC2086 # a list of numbers
  kill -9 $helpers 2>/dev/null
  if is_left; then
    say 'not everything could be removed: run this script again with the argument clean'
  else
    say 'stopped; probes are removed'
  fi
}

main() {
  check
  case \${1-} in
    clean)
      clean
      if is_left; then fail 'not everything could be removed'; fi
      say 'clean'
      exit 0 ;;
    '' | stdin) ;;
    *) fail "unknown argument $1: none, stdin or clean" ;;
  esac
  if is_left; then fail 'a recording runs already, or one was killed: run this script with the argument clean'; fi
  reader=''
  helpers=''
  # Messages to a reader that has gone must not end the script before it has cleaned up.
  trap '' PIPE
  trap stop EXIT
  trap 'exit 0' INT TERM HUP
  prepare
  watch </dev/null >/dev/null 2>&1 &
  helpers=$!
  if [ -n "$DURATION" ]; then
    { sleep "$DURATION"; kill -TERM $$; } </dev/null >/dev/null 2>&1 &
    helpers="$helpers $!"
  fi
  if [ "\${1-}" = stdin ]; then
    # A background process reads from /dev/null unless it is given another descriptor.
    exec 3<&0
    { cat <&3; kill -TERM $$; } >/dev/null 2>&1 &
    helpers="$helpers $!"
  fi
  attach
  say 'recording; Ctrl-C stops'
  wait "$reader"
}

main "$@"
`;

/** A whole script for a POSIX shell, also toybox with mksh. */
export function wrapScript(title: string, options: ScriptOptions, method: MethodText): string {
  const { kernel, duration } = options;
  return [
    '#!/bin/sh',
    ...comment(title),
    '#',
    ...comment(
      'Run it as root on the device: sh SCRIPT > rm.txt. It prints the trace on standard output and what it does on standard error.',
    ),
    ...comment(
      'Ctrl-C, SIGTERM or SIGHUP stops it, and the end of its output or of --duration. It then removes what it made. If it is killed, a helper process does that within a second. If that was killed too: sh SCRIPT clean. A reboot removes everything as well.',
    ),
    ...comment('sh SCRIPT stdin also stops when its standard input ends.'),
    '#',
    ...comment(`Kernel: ${kernel.name}.`),
    ...comment(`Tried: ${kernel.verified}`),
    ...comment(`Assumed: ${kernel.assumed}`),
    ...method.comments.flatMap(comment),
    '#',
    ...comment('Read the result with: gunyah-rm decode rm.txt'),
    '# shellcheck disable=SC2016,SC2317 # the kernel reads $arg1, not the shell; functions are called by trap',
    '',
    'set -u',
    `DURATION=${duration ?? ''}`,
    '',
    sayFunctions,
    '',
    method.functions.trim(),
    '',
    lifeCycle,
  ].join('\n');
}

/** Comment lines of at most 118 columns. */
export function comment(text: string): string[] {
  const lines: string[] = [];
  let line = '#';
  for (const word of text.split(' ')) {
    if (line.length + word.length > 116 && line !== '#') {
      lines.push(line);
      line = '#';
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** A script that removes what scripts may have left. @param parts definitions of `clean` and `is_left`, one per method. */
export function cleanScript(parts: readonly string[]): string {
  return [
    '#!/bin/sh',
    ...comment(
      'Removes everything that recording scripts of gunyah-rm may have left in a kernel. Run it as root.',
    ),
    '# shellcheck disable=SC2317 # functions are called later',
    '',
    'set -u',
    sayFunctions,
    'status=0',
    ...parts.map(
      (text) =>
        `(\n${text}\nclean\nif is_left; then fail 'not everything could be removed'; fi\n) || status=1`,
    ),
    "if [ $status = 0 ]; then say 'clean'; fi",
    'exit $status',
    '',
  ].join('\n');
}

/** A word for the shell. */
export function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
