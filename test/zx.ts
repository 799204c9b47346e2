import { Engine } from '../src/fuzz/engine.js';
import { SimTarget } from '../src/fuzz/targets/sim.js';
import { platforms } from '../src/rm/index.js';
import { protocol } from '../schemas/index.js';
const platform = platforms.native;
const engine = new Engine({ seed: 1, steps: new Set(['frame','load','vcpu_halt','receive_limit','drain']), machine: platform });
const target = new SimTarget({ platform });
const cost = new Map<string, [number, number]>();
const add = (k: string, t: number) => { const e = cost.get(k); if (e) { e[0] += t; e[1]++; } else cost.set(k, [t, 1]); };
const N = Number(process.argv[2] ?? 400000);
let n = 0; const now = () => Number(process.hrtime.bigint()) ;
let on = false;
while (n < N) {
  if (!on && n > N / 3) { on = true; cost.clear(); }
  const a = now();
  const step = engine.next()!;
  const b = now();
  if (step === 'reset') { target.reset(); add('reset', now() - b); add('next', b - a); continue; }
  const r = target.put(step); const c = now();
  engine.took(step, r); const d = now();
  let name = step.kind as string;
  if (step.kind === 'frame') { n++; const f = step.frame; const id = f.length < 8 ? 0 : (f[4]! | f[5]! << 8 | f[6]! << 16 | f[7]! << 24) >>> 0; name = (protocol.byId.get(id)?.name ?? 'other') + ((f[1]! & 3) === 0 ? ' cont' : ''); }
  add('next', b - a); add('NEXT ' + name, b - a); add('put', c - b); add('took', d - c); add('PUT ' + name, c - b);
}
const tot = cost.get('next')![0] + cost.get('put')![0] + cost.get('took')![0] + cost.get('reset')![0];
for (const [k, [t, c]] of [...cost].sort((x, y) => y[1][0] - x[1][0]).slice(0, 50)) console.log((t / tot * 100).toFixed(1) + '%', k, c, (t / c / 1000).toFixed(2) + ' us');
