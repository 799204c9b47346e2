import { MARK, type MethodText, type ScriptOptions } from './script.js';

/** Source files of all drivers that can dump messages: cleaning does not know the kernel. */
export function dynamicDebugCleaning(files: readonly string[]): string {
  return `# DYNAMIC_DEBUG and KMSG name other files, for tests.
control=\${DYNAMIC_DEBUG-/proc/dynamic_debug/control}
if [ ! -e "$control" ]; then control=\${DYNAMIC_DEBUG-/sys/kernel/debug/dynamic_debug/control}; fi

is_left() { grep -q '${files.join('.*=p\\|')}.*=p' "$control" 2>/dev/null; }

clean() {
  if ! is_left; then return; fi
${files.map((file) => `  echo 'file *${file} -p' > "$control"`).join('\n')}
  wake
}

# A line for the process that copies the log, so that it sees that nobody reads it any more.
wake() {
  nap
  echo '${MARK} ends' > "\${KMSG-/dev/kmsg}"
}`;
}

/** Dumps of the driver in the kernel's log: needs root and CONFIG_DYNAMIC_DEBUG for the driver. */
export function dynamicDebugMethod({ kernel, capids }: ScriptOptions, file: string): MethodText {
  return {
    comments: [
      `Method: dynamic debug. It switches on the dumps of ${file} and copies them from the log of the kernel. It needs root and a kernel with CONFIG_DYNAMIC_DEBUG for that file: production builds of ${kernel.name} have none.`,
      'A small log buffer loses the front of bursts: boot with log_buf_len=8M. Dumps name no queue, so messages of other queues are told apart by their contents.',
      ...(capids.length > 0 ? ['--filter-capid has no effect: dumps name no queue.'] : []),
    ],
    functions: `${dynamicDebugCleaning([file])}

check() {
  grep -q '${file}' "$control" 2>/dev/null ||
    fail 'no ${file} in the control file: not root, no debugfs, or the kernel is built without these dumps'
}

# Reading /dev/kmsg fails once when lines were lost. The descriptor then stands at the oldest line that is left.
copy_log() {
  exec 4< "\${KMSG-/dev/kmsg}"
  while kill -0 $$ 2>/dev/null; do
    cat <&4
    echo '# lines of the log were lost' || break
    nap
  done 2>/dev/null
}

# Everything before the mark was there before.
after_mark() {
  while IFS= read -r line; do
    case $line in *"${MARK} $$ begins"* | '# lines'*) break ;; esac
  done
  kill -USR1 $$
  exec cat
}

prepare() {
  begun=''
  trap 'begun=1' USR1
  echo "${MARK} $$ begins" > "\${KMSG-/dev/kmsg}"
  copy_log | after_mark &
  reader=$!
}

attach() {
  # A long log takes a while. If the recording ended before, the reader would end without a message.
  while [ -z "$begun" ] && kill -0 "$reader" 2>/dev/null; do nap; done
  echo 'file *${file} +p' > "$control" || fail 'the kernel refuses to switch the dumps on'
}

drain() {
  echo 'file *${file} -p' > "$control"
  nap
  kill "$reader"
  wake
}

report() { :; }
`,
  };
}
