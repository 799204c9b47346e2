import type { Kernel, QueueFunction } from './kernels.js';
import { MARK, type MethodText, type ScriptOptions } from './script.js';

/** Largest number of bytes that versions before 0.23 print at once, so that two pieces make a message. */
const PIECE = 120;

/** bpftrace removes its probes when it ends, however it ends. So cleaning means to end it. */
export const bpftraceCleaning = `tracers() {
  for process in /proc/[0-9]*; do
    case $(cat "$process/comm" 2>/dev/null) in
      bpftrace*) if grep -q ${MARK} "$process/cmdline" 2>/dev/null; then echo "\${process#/proc/}"; fi ;;
    esac
  done
}

is_left() { [ -n "$(tracers)" ]; }

clean() {
  # shellcheck disable=SC2046 # a list of numbers
  if is_left; then kill $(tracers) 2>/dev/null; nap; fi
}`;

/** bpftrace: needs root, BTF or headers are not needed. Sees what is received on every kernel. */
export function bpftraceMethod({ kernel, capids }: ScriptOptions): MethodText {
  return {
    comments: [
      'Method: bpftrace. It needs root, CONFIG_KPROBES, CONFIG_BPF_SYSCALL and the program bpftrace, which Android does not have.',
      `Versions before 0.23 print at most 200 bytes at once. They print long messages in two lines, the second with off=${PIECE}. Versions 0.17 and 0.23 were tried.`,
    ],
    functions: `${bpftraceCleaning}

check() {
  command -v bpftrace >/dev/null || fail 'bpftrace is not installed'
  [ "$(id -u)" = 0 ] || fail 'bpftrace needs root'
}

whole='${program(kernel, capids, false)}'

pieces='${program(kernel, capids, true)}'

prepare() {
  minor=$(bpftrace --version) minor=\${minor#*v0.} minor=\${minor%%.*}
  echo '# clock boot'
  case $minor in
    [0-9] | 1[0-9] | 2[0-2])
      BPFTRACE_STRLEN=${PIECE} BPFTRACE_MAX_STRLEN=200 bpftrace -B line -e "$pieces" & ;;
    *) bpftrace -B line -e "$whole" & ;;
  esac
  reader=$!
}

attach() { say 'bpftrace takes some seconds to attach'; }
drain() { nap; }
report() { :; }
`,
  };
}

function program({ send, receive, consumer }: Kernel, capids: readonly bigint[], inPieces: boolean): string {
  const print = (head: string, size: string, buffer: string) => messagePrinter(head, size, buffer, inPieces);
  const only = capids.map((capid) => `arg0 == 0x${capid.toString(16)}`).join(' || ');
  const condition = (text: string) => (text === '' ? '' : ` /${text}/`);
  const sent = `kprobe:${send.symbol}${condition(only)} {
${print(`tx ${send.queue}=0x%llx`, argument(send.size), argument(send.buffer)).replaceAll('QUEUE', ' arg0,')}
}`;
  // The first argument of all receive functions names the queue, so 0 is none.
  const received =
    consumer === undefined
      ? receiveProbes(receive, condition(only), print)
      : `kprobe:${consumer} {
${print('rx', '*(uint64 *)arg1', 'arg1 + 8').replaceAll('QUEUE', '')}
}`;
  return `// ${MARK}\n${sent}\n${received}`;
}

function receiveProbes(
  { symbol, queue, buffer, size }: QueueFunction,
  condition: string,
  print: (head: string, size: string, buffer: string) => string,
): string {
  return `kprobe:${symbol}${condition} {
  @queue[tid] = arg0; @buffer[tid] = ${argument(buffer)}; @size[tid] = ${argument(size)};
}
kretprobe:${symbol} /@queue[tid]/ {
  if ((int32)retval == 0) {
${print(`rx ${queue}=0x%llx`, '*(uint64 *)@size[tid]', '@buffer[tid]').replaceAll('QUEUE', ' @queue[tid],')}
  }
  delete(@queue[tid]); delete(@buffer[tid]); delete(@size[tid]);
}
END { clear(@queue); clear(@buffer); clear(@size); }`;
}

/** Prints the message at `buffer` with its size; QUEUE stands where the value of the queue goes. */
function messagePrinter(head: string, size: string, buffer: string, inPieces: boolean): string {
  const line = (offset: string, start: string, length: string) =>
    `printf("%llu ${head} size=%llu ${offset}%rx\\n", $time,QUEUE $size, buf(${start}, ${length}));`;
  const lines = inPieces
    ? [
        `  $first = $size; if ($first > ${PIECE}) { $first = (uint64)${PIECE}; }`,
        `  ${line('', buffer, '$first')}`,
        `  if ($size > ${PIECE}) { ${line(`off=${PIECE} `, `${buffer} + ${PIECE}`, `$size - ${PIECE}`)} }`,
      ]
    : [`  ${line('', buffer, '$size')}`];
  return [`  $time = nsecs; $size = ${size};`, ...lines].join('\n');
}

function argument(position: number): string {
  return `arg${position - 1}`;
}
