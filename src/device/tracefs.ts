import type { Kernel, QueueFunction, ReceiveWay } from './kernels.js';
import { MARK, type MethodText, type ScriptOptions } from './script.js';

/** KiB for each processor: about 3000 messages until the reader takes them. */
const BUFFER_KB = 1024;

/** Finding tracefs and removing what is there: the same for all kernels. */
export const tracefsCleaning = `# TRACEFS names another folder, for kernels that mount it elsewhere.
T=
for folder in "\${TRACEFS-}" /sys/kernel/tracing /sys/kernel/debug/tracing; do
  if [ -z "$T" ] && [ -n "$folder" ] && [ -e "$folder/kprobe_events" ]; then T=$folder; fi
done
G=${MARK}
# A trace instance has a buffer, a clock and switches of its own. So no setting of the device is changed.
I=$T/instances/$G

is_left() { [ -d "$I" ] || [ -d "$I-step" ] || [ -d "$T/events/$G" ]; }

clean() {
  if [ -z "$T" ]; then return; fi
  for instance in "$I" "$I-step"; do
    if [ ! -d "$instance" ]; then continue; fi
    for event in tx txr rx rxe; do
      if [ -e "$instance/events/$G/$event/enable" ]; then echo 0 > "$instance/events/$G/$event/enable"; fi
    done
    # The kernel keeps an instance while a process has one of its files open.
    rmdir "$instance" 2>/dev/null || { nap; rmdir "$instance"; }
  done
  for event in tx txr rx rxe; do
    if grep -q ":$G/$event " "$T/kprobe_events"; then echo "-:$G/$event" >> "$T/kprobe_events"; fi
  done
}`;

/** Probes in tracefs: needs root and CONFIG_KPROBE_EVENTS, no program on the device. */
export function tracefsMethod({ kernel, capids }: ScriptOptions): MethodText {
  const comments = [
    'Method: tracefs. It puts probes on the functions that send and receive, in a trace instance of its own.',
    'Arrays of probes have at most 64 elements, so 240 bytes are read as 60 words of 32 bits. Bytes behind the size of a message are old memory. A word that goes beyond the end of a mapped page is not read, and the kernel does not say so; messages are whole words of 32 bits.',
    ...(kernel.receiveWays.includes('two-step')
      ? [
          'If the kernel refuses arguments in return probes, a first probe finds out where a message is put, and a second one reads it there. Messages received before it says "second step done" are missed. The addresses are constant while the driver is loaded; decode says if they moved.',
        ]
      : []),
  ];
  return { comments, functions: functions(kernel, capids) };
}

function functions(kernel: Kernel, capids: readonly bigint[]): string {
  const { send, receive } = kernel;
  const sendArguments = `${send.queue}=$arg1:x64 size=$arg${send.size}:u64 data=+0($arg${send.buffer}):x32[60]`;
  const queues = capids.map((capid) => `${send.queue} == 0x${capid.toString(16)}`).join(' || ');
  const ways = kernel.receiveWays.map((way) => `receive_${way.replace('-', '_')}`).join(' || ');
  return `${tracefsCleaning}

check() {
  if [ -z "$T" ]; then
    fail 'no kprobe_events: not root, tracefs is not mounted, or the kernel lacks CONFIG_KPROBE_EVENTS'
  fi
}

# An LTO build adds .llvm and a number to the name of a static function. Other suffixes tell of changed arguments.
symbol() {
  # shellcheck disable=SC2046 # splits into words
  set -- "$1" $(grep -oE " $1([.]llvm[.][0-9]+)?(\\$|[[:space:]])" "\${KALLSYMS-/proc/kallsyms}" | sort)
  echo "\${2-$1}"
}

# Defines an event: its name, p or r, the symbol, what to print. The kernel says no by not listing it.
probe() {
  echo "$2:$G/$1 $3 $4" >> "$T/kprobe_events"
  grep -q ":$G/$1 " "$T/kprobe_events"
} 2>/dev/null

# Sets the filter of an event, unless it is empty, and switches it on.
switch_on() {
  if [ -n "$2" ]; then
    echo "$2" > "$I/events/$G/$1/filter" || say "the kernel refuses the filter: $2"
  fi
  echo 1 > "$I/events/$G/$1/enable"
}

prepare() {
  mkdir "$I" || fail "cannot make $I: not root, or SELinux forbids it"
  if echo boot > "$I/trace_clock"; then echo '# clock boot'; else echo '# clock local'; fi
  echo ${BUFFER_KB} > "$I/buffer_size_kb"
  # Readers that poll would else wait until the buffer is half full. Kernels before 5.0 have no such file.
  if [ -e "$I/buffer_percent" ]; then echo 0 > "$I/buffer_percent"; fi
  cat "$I/trace_pipe" &
  reader=$!
}

attach() {
  send=$(symbol ${send.symbol})
  probe tx p "$send" '${sendArguments}' ||
    fail 'cannot probe ${send.symbol}: another driver, or the kernel forbids probes'
  # Tells sends that a full queue refused.
  if probe txr r "$send" 'ret=$retval:s32'; then switch_on txr ''; fi
  ${ways} || fail 'cannot probe what is received'
  switch_on tx '${queues}'
}
${kernel.receiveWays.map((way) => receiveFunctions[way](kernel, queues, receive)).join('')}
drain() {
  echo 0 > "$I/tracing_on"
  nap
}

report() {
  if [ ! -d "$I" ]; then return; fi
  if grep -h '^overrun: [^0]' "$I"/per_cpu/cpu*/stats >&2; then say 'messages were lost: the output is too slow'; fi
  while read -r event hits missed; do
    case $event in tx | rx) ;; *) continue ;; esac
    say "$event: $hits hits, $missed missed"
    if [ "$hits" = 0 ]; then say "$event was never hit: no traffic, another driver, or the function was inlined"; fi
  done < "$T/kprobe_profile"
}
`;
}

type ReceiveText = (kernel: Kernel, queues: string, receive: QueueFunction) => string;

const receiveFunctions: Readonly<Record<ReceiveWay, ReceiveText>> = {
  consumer: ({ consumer }) => `
# The function that takes what was received, { size_t length; u8 data[240]; }. It serves RM's queue only.
receive_consumer() {
  probe rx p "$(symbol ${consumer})" 'len=+0($arg2):u64 data=+8($arg2):x32[60]' || return 1
  switch_on rx ''
}
`,
  return: (_, queues, { symbol, queue, buffer, size }) => `
# A return probe that sees the arguments of the call. Kernels before about 6.9 refuse it.
receive_return() {
  probe rx r "$(symbol ${symbol})" 'ret=$retval:s32 ${queue}=$arg1:x64 len=+0($arg${size}):u64 data=+0($arg${buffer}):x32[60]' ||
    return 1
  switch_on rx '${queues === '' ? 'ret == 0' : `(${queues}) && ret == 0`}'
}
`,
  'two-step': ({ thread }, queues, { symbol, queue, buffer, size }) => `
# Two steps: where RM's messages are put is printed by the first receive, in an instance of its own.
receive_two_step() {
  receive=$(symbol ${symbol})
  probe rxe p "$receive" '${queue}=$arg1:x64 buf=$arg${buffer}:x64 lenp=$arg${size}:x64' || return 1
  mkdir "$I-step" || return 1
  echo '${queues !== '' ? queues : thread === undefined ? `${queue} != 0` : `comm ~ "${thread}"`}' > "$I-step/events/$G/rxe/filter"
  echo 1 > "$I-step/events/$G/rxe/enable"
  second_step </dev/null &
  helpers="$helpers $!"
}

second_step() {
  # Reading trace_pipe here would wait: some shells poll, and are woken late.
  line=''
  while [ -z "$line" ]; do
    if ! kill -0 $$ 2>/dev/null || [ ! -d "$I-step" ]; then return; fi
    nap
    line=$(grep ' rxe: ' "$I-step/trace" 2>/dev/null | head -n 1)
  done
  buffer=\${line##* buf=} buffer=\${buffer%% *}
  length=\${line##* lenp=} length=\${length%% *}
  # COMM-PID [CPU]: the name may hold spaces and dashes.
  thread=\${line%%: \\(*} thread=\${thread% \\[*} thread=\${thread##*-}
  thread=\${thread%% *}
  if probe rx r "$receive" "ret=\\$retval:s32 len=@$length:u64 data=@$buffer:x32[60]"; then
    switch_on rx "ret == 0 && common_pid == $thread"
    switch_on rxe "common_pid == $thread"
    say 'receive: second step done'
  else
    say 'receive: the second step was refused'
  fi
  echo 0 > "$I-step/events/$G/rxe/enable"
}
`,
};
