import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type DebianKernel, machines } from './debian.js';

/** One recording in the guest. */
export interface GuestCase {
  readonly name: string;
  /** Text of the shell script. */
  readonly script: string;
  /** Records for the test module, 244 bytes each; played before the others, with a pause behind them. */
  readonly first: Uint8Array;
  readonly records: Uint8Array;
  /** `TERM` when all is played; `KILL` after half of it. */
  readonly end: 'TERM' | 'KILL';
}

/** What a recording in the guest printed. */
export interface GuestResult {
  /** Standard output of the script. */
  readonly trace: string;
  readonly messages: string;
  /** Probes, instances, dumps and tracers that are there afterwards, one per line. */
  readonly left: string;
}

/** Bytes of a record of the module: driver, direction, queue, size, room for the message. */
export const RECORD_SIZE = 244;

/** The guest has this long for all its cases: TCG is slow. */
const guestTimeoutMs = 900_000;

const initOf = (output: string) => `#!/bin/busybox sh
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tracefs tracefs /sys/kernel/tracing
mount -t debugfs debugfs /sys/kernel/debug
echo 0 > /proc/sys/kernel/printk
stty -F /dev/${output} raw
exec > /dev/${output}
insmod /gunyah_play.ko || echo 'insmod failed'
play() { dd if="$1" of=/proc/gunyah_play bs=${RECORD_SIZE} "$2" 2>/dev/null; }
for folder in /cases/*; do
  records=$(($(stat -c %s "$folder/records") / ${RECORD_SIZE}))
  sh "$folder/script" > /trace 2> /messages &
  pid=$!
  tries=0
  until grep -q 'recording;' /messages || [ $tries = 300 ]; do sleep 1; tries=$((tries + 1)); done
  # bpftrace attaches some time after it has started.
  case $folder in *bpftrace*) sleep 25 ;; esac
  play "$folder/first" count=10
  sleep 2
  tries=0
  if grep -q rxe /sys/kernel/tracing/kprobe_events; then
    until grep -q 'second step' /messages || [ $tries = 300 ]; do sleep 1; tries=$((tries + 1)); done
  fi
  tries=0
  if [ "$(cat "$folder/end")" = KILL ]; then
    printed=$(stat -c %s /trace)
    play "$folder/records" count=$((records / 2))
    # On a slow machine the reader has printed nothing yet.
    until [ "$(stat -c %s /trace)" != "$printed" ] || [ $tries = 60 ]; do sleep 1; tries=$((tries + 1)); done
    sleep 1
    kill -KILL $pid
    sleep 5
  else
    play "$folder/records" count=$records
    sleep 1
    kill -TERM $pid
    while kill -0 $pid 2>/dev/null && [ $tries != 90 ]; do sleep 1; tries=$((tries + 1)); done
    kill -0 $pid 2>/dev/null && echo "the script does not end" >> /messages
  fi
  echo "@@case \${folder##*/}"
  cat /trace
  echo '@@messages'
  cat /messages
  echo '@@left'
  cat /sys/kernel/tracing/kprobe_events
  ls /sys/kernel/tracing/instances
  grep 'gh_msgq.*=p' /proc/dynamic_debug/control
  pidof bpftrace
done
echo '@@end'
sync
poweroff -f
`;

/** Boots a kernel with the test module and runs the cases, one after the other. */
export async function runGuest(
  kernel: DebianKernel,
  module: string,
  programs: readonly string[],
  cases: readonly GuestCase[],
): Promise<ReadonlyMap<string, GuestResult>> {
  const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-guest-'));
  const root = join(folder, 'root');
  for (const name of ['bin', 'proc', 'sys', 'dev', 'cases', 'tmp'])
    mkdirSync(join(root, name), { recursive: true });
  copyFileSync(kernel.busybox, join(root, 'bin/busybox'));
  chmodSync(join(root, 'bin/busybox'), 0o755);
  copyFileSync(module, join(root, 'gunyah_play.ko'));
  for (const program of programs) addProgram(root, program);
  const { consoles, qemu: words } = machines[kernel.machine];
  writeFileSync(join(root, 'init'), initOf(consoles[1]));
  chmodSync(join(root, 'init'), 0o755);
  for (const { name, script, first, records, end } of cases) {
    const own = join(root, 'cases', name);
    mkdirSync(own);
    for (const [file, content] of Object.entries({ script, first, records, end }))
      writeFileSync(join(own, file), content);
  }
  const image = join(folder, 'initramfs');
  execFileSync('sh', ['-c', `find . | cpio -o -H newc --quiet > ${image}`], { cwd: root });
  const [console_, output] = [join(folder, 'console'), join(folder, 'output')];
  const [program, ...options] = words;
  const files = consoles[0] === consoles[1] ? [output] : [console_, output];
  const qemu = spawn(program, [
    ...options,
    ...['-accel', 'tcg', '-smp', '2', '-m', programs.length > 0 ? '1536' : '512'],
    ...['-display', 'none', '-no-reboot', '-nodefaults', '-net', 'none'],
    ...files.flatMap((file) => ['-serial', `file:${file}`]),
    ...['-kernel', kernel.image, '-initrd', image],
    ...['-append', `console=${consoles[0]} quiet panic=-1 log_buf_len=8M`],
  ]);
  const timer = setTimeout(() => qemu.kill('SIGKILL'), guestTimeoutMs);
  let said = '';
  qemu.stderr.on('data', (chunk) => {
    said += chunk;
  });
  await new Promise((done, failed) => qemu.on('close', done).on('error', failed));
  clearTimeout(timer);
  const text = readFileSync(output, 'latin1');
  const results = parseOutput(text);
  if (!text.includes('@@end'))
    throw new Error(
      `the guest has not ended: ${said}\n${files.map((file) => readFileSync(file, 'latin1').slice(-3000)).join('\n')}`,
    );
  rmSync(folder, { recursive: true });
  return results;
}

function parseOutput(text: string): ReadonlyMap<string, GuestResult> {
  const results = new Map<string, GuestResult>();
  for (const part of text.split(/^@@case /m).slice(1)) {
    const [, name = '', trace = '', messages = '', left = ''] =
      /^(.*)\n([\s\S]*)^@@messages\n([\s\S]*)^@@left\n([\s\S]*)$/m.exec(part) ?? [];
    results.set(name, { trace, messages, left: left.replace(/@@end\n?/, '').trim() });
  }
  return results;
}

/** Copies a program and its libraries. */
function addProgram(root: string, program: string): void {
  const libraries = execFileSync('ldd', [program], { encoding: 'utf8' }).match(/\/\S+/g) ?? [];
  for (const path of [program, ...libraries]) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
}
