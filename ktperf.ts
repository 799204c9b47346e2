import { readFileSync } from 'node:fs';
import { protocol } from './schemas/index.js';
import { KernelTraceReader } from './src/capture/ktrace/reader.js';
for (const f of (process.argv[2] ?? 'trace-6.12-v15-noise.txt,pipe-6.12-v15-boot.txt,kmsg-6.12.txt,bpftrace-0.23-rh.txt,trace-6.12-vendor.txt').split(',')) {
  const data = readFileSync('/work/shared/vectors/ktrace/' + f);
  const lines = data.toString().split('\n').length;
  const n = Math.ceil(400000 / lines);
  let frames = 0;
  const r = new KernelTraceReader(protocol, { vmid: 3, rmVmid: 255, allQueues: false }, () => { frames++; }, () => {});
  const t0 = process.cpuUsage();
  for (let i = 0; i < n; i++) r.push(data);
  r.end();
  const t = process.cpuUsage(t0);
  console.log(f, Math.round(lines * n / ((t.user + t.system) / 1e6)), 'lines/cpu-s', frames, Math.round(process.memoryUsage().rss / 1e6));
}
