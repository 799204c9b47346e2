import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { protocol } from '/work/wt/lead/schemas/index.js';
import { KernelTraceReader } from '/work/wt/lead/src/capture/ktrace/reader.js';
const dir = '/work/shared/vectors/ktrace/';
const only = process.argv[2];
let ok = 0, n = 0;
for (const f of readdirSync(dir).filter((x) => x.endsWith('.txt'))) {
  if (only && !f.includes(only)) continue;
  const name = f.slice(0, -4);
  const lines = (s: string) => existsSync(dir + name + s) ? readFileSync(dir + name + s, 'utf8').split('\n').filter(Boolean) : [];
  const truth = lines('.frames'), other = lines('.other'), cut = lines('.cut');
  const got: string[] = [], oth: string[] = [], cuts: string[] = [], warns: string[] = [], lost: any[] = [];
  const r = new KernelTraceReader(protocol, { vmid: 3, rmVmid: 255, allQueues: true }, (p: any) => {
    const hex = Buffer.from(p.data.subarray(p.start, p.end)).toString('hex');
    if (p.lost !== undefined) lost.push(p.lost);
    if (p.queue !== undefined) oth.push(p.from === 3 ? `3>other ${hex}` : `other>3 ${hex}`);
    else if (p.announced !== p.end - p.start) cuts.push(`${p.from}>${p.to} ${p.announced} ${hex}`);
    else got.push(`${p.from}>${p.to} ${hex}`);
  }, (w) => warns.push(w.code + ': ' + w.message));
  r.push(readFileSync(dir + f)); r.end();
  const eq = (a: string[], b: string[]) => a.length === b.length && a.every((x, i) => x === b[i]);
  const t = new Set(truth); const right = got.filter((x) => t.has(x)).length;
  const good = eq(got, truth) && eq(oth, other) ;
  n++; if (good) ok++;
  console.log(good ? 'ok ' : 'BAD', name, `truth ${truth.length} got ${got.length} right ${right} order ${eq(got, truth)} other ${other.length}/${oth.length} ${eq(oth, other)} cut ${cut.length}/${cuts.length} lost ${JSON.stringify(lost)}`, good ? '' : warns.map((w) => w.slice(0, 60)).join('|'));
  if (only) { got.forEach((x, i) => { if (x !== truth[i]) console.log(i, '\n got ', x.slice(0, 100), '\n want', truth[i]?.slice(0, 100)); }); oth.forEach((x, i) => { if (x !== other[i]) console.log('o', i, x.slice(0, 80), other[i]?.slice(0, 80)); }); cuts.forEach((x)=>console.log('cut', x.slice(0,60))); }
}
console.log(ok, 'of', n);
