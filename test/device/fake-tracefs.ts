import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from '../own-folder.js';

/**
 * A folder that looks like tracefs to a script, with programs that do what the kernel does there: `mkdir` fills a new
 * instance, `rmdir` removes one. Files keep all that was written, one line after the other.
 */
export class FakeTracefs {
  readonly folder = ownFolder();
  readonly #bin = join(this.folder, 'bin');

  constructor() {
    const { folder } = this;
    for (const name of ['bin', 'instances', 'events']) mkdirSync(join(folder, name));
    for (const name of ['kprobe_events', 'kprobe_profile', 'kallsyms', 'kmsg'])
      writeFileSync(join(folder, name), '');
    this.write('kprobe_profile', '  tx   3   0\n  rx   0   1\n');
    this.write('kallsyms', 'ffff t gh_rm_msgq_rx_data.llvm.77\nffff t gh_rm_msgq_rx_data.constprop.0\n');
    this.write('control', 'drivers/gh_msgq.c:10 [gh_msgq]gh_msgq_send =_ "x"\n');
    this.#program(
      'mkdir',
      `/bin/mkdir "$1" || exit 1
for e in tx txr rx rxe; do /bin/mkdir -p "$1/events/gunyah_rm/$e"; done
mkfifo "$1/trace_pipe"; : > "$1/trace_clock"; : > "$1/buffer_size_kb"`,
    );
    // Instances of a real tracefs hold no files that keep them. What was written is kept for the test.
    this.#program('rmdir', '/bin/cp -r "$1/events" "$1.was" 2>/dev/null; /bin/rm -r "$1"');
  }

  get env(): NodeJS.ProcessEnv {
    const { folder } = this;
    return {
      PATH: `${this.#bin}:${process.env.PATH}`,
      TRACEFS: folder,
      KALLSYMS: join(folder, 'kallsyms'),
      DYNAMIC_DEBUG: join(folder, 'control'),
      KMSG: join(folder, 'kmsg'),
    };
  }

  get pipe(): string {
    return join(this.folder, 'instances/gunyah_rm/trace_pipe');
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
  }

  read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }

  /** What the script wrote to the events' filters and switches, after the instance has been removed. */
  event(event: string, file: string, instance = 'gunyah_rm'): string {
    return this.read(`instances/${instance}.was/gunyah_rm/${event}/${file}`);
  }

  /** Probes that were added and not removed, and instances that are there. */
  get left(): string[] {
    const probes = new Set<string>();
    for (const line of this.read('kprobe_events').split('\n')) {
      const [, kind, name] = /^([pr-]):(\S+)/.exec(line) ?? [];
      if (name === undefined) continue;
      if (kind === '-') probes.delete(name);
      else probes.add(name);
    }
    const instances = readdirSync(join(this.folder, 'instances')).filter((name) => !name.endsWith('.was'));
    return [...probes, ...instances];
  }

  #program(name: string, text: string): void {
    writeFileSync(join(this.#bin, name), `#!/bin/sh\n${text}\n`);
    chmodSync(join(this.#bin, name), 0o755);
  }
}
