import { Engine } from '../src/fuzz/engine.js';
import { SimTarget } from '../src/fuzz/targets/sim.js';
import { platforms, panicPlaces } from '../src/rm/index.js';
const seed = Number(process.argv[2] ?? 1), messages = Number(process.argv[3] ?? 500000);
const platform = platforms[(process.argv[4] ?? 'native') as 'native'];
const verbose = process.argv[5] === 'v';
const engine = new Engine({ seed, steps: new Set(['frame','load','vcpu_halt','receive_limit','drain']), machine: platform });
const target = new SimTarget({ platform });
const t0 = process.cpuUsage().user;
let lw = performance.now(), lc = process.cpuUsage().user; let n = 0, steps = 0, cases = 0;
const first = new Map<string, string>();
while (n < messages) {
  const step = engine.next();
  if (step === undefined) break;
  if (step === 'reset') { target.reset(); cases++; continue; }
  steps++;
  if (step.kind === 'frame') n++;
  if (step.kind === 'frame' && n % 200000 === 0) { const w = performance.now(), c = process.cpuUsage().user; console.log('slice', (200000 / ((w - lw) / 1000)).toFixed(0), '/s wall', (200000 / ((c - lc) / 1e6)).toFixed(0), '/s cpu'); lw = w; lc = c; }
  const r = target.put(step);
  if (r.ended && !first.has(r.ended.text)) first.set(r.ended.text, `${((process.cpuUsage().user - t0)/1e6).toFixed(1)}s ${n} case ${engine.case}`);
  engine.took(step, r);
}
const s = (process.cpuUsage().user - t0) / 1e6;
console.log(`${n} messages, ${steps} steps, ${cases} cases in ${s.toFixed(1)} s cpu: ${(n / s).toFixed(0)}/s; per case ${(n/cases).toFixed(1)}`);
console.log('found', first.size, [...first].map(([k, v]) => `${k}: ${v}`).join('\n  '));
console.log('missing', Object.keys(panicPlaces).filter((k) => !first.has(k)).join(' '));
if (verbose) {
  const by = new Map<string, number>();
  for (const e of engine.coverage.endings()) by.set(e.text + ' @ ' + e.message, e.count);
  console.log([...by].sort((a, b) => b[1] - a[1]).slice(0, 40));
  const pairs = new Map<string, number>();
  for (const p of engine.coverage.pairs()) { const k = `${p.message} ${p.error}`; pairs.set(k, (pairs.get(k) ?? 0) + p.count); }
  console.log([...pairs].sort().map(([k, n]) => `${k}:${n}`).join(', '));
}
