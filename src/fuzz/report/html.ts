import { firstLine } from '../../base/text.js';
import { findingName, showAgain } from '../findings/write.js';
import { escaped } from './escape.js';
import { heatMap, lineChart } from './plots.js';
import { gridOf, mutationsByMessage, type Report, stepsPerSecond } from './report.js';

/** Colours are variables, so that the plots follow the light or dark scheme. */
const style = `
:root { color-scheme: light dark; --text: #1c2128; --dim: #59636e; --line: #d1d9e0; --page: #fff; --panel: #f6f8fa;
  --accent: #0969da; --bad: #cf222e; }
@media (prefers-color-scheme: dark) {
  :root { --text: #e6edf3; --dim: #9198a1; --line: #3d444d; --page: #0d1117; --panel: #151b23; --accent: #4493f8; --bad: #f85149; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 80rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .75rem; }
p { margin: .25rem 0; color: var(--dim); }
dl { display: flex; flex-wrap: wrap; gap: .75rem; margin: 1.25rem 0 0; }
dl div { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .5rem 1rem; min-width: 7.5rem; }
dt { color: var(--dim); font-size: .8rem; } dd { margin: 0; font-size: 1.25rem; font-variant-numeric: tabular-nums; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); }
th { color: var(--dim); font-weight: 500; font-size: .85rem; } td.number { text-align: right; font-variant-numeric: tabular-nums; }
code { font: 12.5px/1.4 ui-monospace, monospace; overflow-wrap: anywhere; } td code { color: var(--dim); }
.kind { color: var(--bad); }
figure { margin: 0; } figcaption { color: var(--dim); font-size: .85rem; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 1.5rem; }
svg { display: block; } svg text { fill: var(--text); font: 11px system-ui, sans-serif; } svg .dim { fill: var(--dim); }
svg .axis { stroke: var(--line); } svg .curve { fill: none; stroke: var(--accent); stroke-width: 1.75; }
svg .cell { fill: var(--accent); } svg .none { fill: var(--panel); }
`;

/** A report as one page without scripts and without references to other files. */
export function reportHtml(report: Report): string {
  const { origin, campaign, findings } = report;
  const title = `Fuzzing ${origin.target}, ${campaign}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>gunyah-rm ${escaped(origin.version)}, platform ${escaped(origin.platform.name)}${origin.careful ? ', careful' : ''}</p>
${figures(report)}
<h2>Findings</h2>
${findings.length === 0 ? '<p>None.</p>' : findingsTable(report)}
<h2>Progress</h2>
${progress(report)}
<h2>Answers</h2>
<p>Replies by message and error, in all states of their subjects. Darker cells have more.</p>
<div class="scroll">${answers(report)}</div>
<h2>Values</h2>
<p>Mutations that were used, of all that exist.</p>
<div class="scroll">${values(report)}</div>
</body>
</html>
`;
}

function figures({ history, findings }: Report): string {
  const end = history.at(-1);
  if (end === undefined) return '';
  const items: [string, number | string][] = [
    ['Findings', findings.length],
    ['Cases', end.cases],
    ['Steps', end.steps],
    ['Steps a second', stepsPerSecond(end)],
    ['Answers covered', end.pairs],
    ['Time', `${(end.elapsedMs / 1000).toFixed(1)} s`],
  ];
  const divs = items.map(
    ([name, value]) =>
      `<div><dt>${name}</dt><dd>${typeof value === 'number' ? grouped(value) : value}</dd></div>`,
  );
  return `<dl>${divs.join('')}</dl>`;
}

/** Thin spaces between thousands. */
function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, '\u2009');
}

function findingsTable({ findings, origin }: Report): string {
  const rows = findings.map(({ finding, count, seed }) => {
    const { number, cause, size } = finding;
    return `<tr><td class="number">${number}</td><td class="kind">${cause.kind}</td><td>${escaped(cause.key)}<br>
<code>${escaped(firstLine(cause.text).slice(0, 400))}</code></td><td class="number">${size}</td><td class="number">${grouped(count)}</td>
<td><code>${escaped(findingName(finding))}<br>${escaped(showAgain(finding, { ...origin, seed }))}</code></td></tr>`;
  });
  return `<div class="scroll"><table><tr><th>no</th><th>kind</th><th>cause</th><th>steps</th><th>count</th>
<th>file, and the command line that runs its case again</th></tr>${rows.join('\n')}</table></div>`;
}

function progress({ history }: Report): string {
  const charts: [string, (sample: Report['history'][number]) => number][] = [
    ['Answers covered', ({ pairs }) => pairs],
    ['Findings', ({ findings }) => findings],
    ['Steps', ({ steps }) => steps],
  ];
  const list = charts.map(([title, value]) => {
    const points = history.map((sample) => [sample.elapsedMs / 1000, value(sample)] as const);
    return `<figure>${lineChart(title, points, grouped)}<figcaption>${title} over seconds</figcaption></figure>`;
  });
  return `<div class="charts">${list.join('')}</div>`;
}

function answers({ coverage }: Report): string {
  const pairs = [...coverage.pairs()];
  const grid = gridOf(pairs.map(({ message, error, count }) => [message, error, count]));
  const states = new Map<string, string[]>();
  for (const { message, error, state, count } of pairs) {
    const key = `${message} ${error}`;
    states.set(key, [...(states.get(key) ?? []), `${state} ${count}`]);
  }
  return heatMap(grid, (row, column) => states.get(`${row} ${column}`)?.join(', ') ?? 'never');
}

function values({ coverage }: Report): string {
  const rows = [...mutationsByMessage(coverage.fields())].map(([message, { used, all }]) => {
    const share = Math.round((used / all) * 100);
    return `<tr><td>${escaped(message)}</td><td class="number">${used} of ${all}</td><td class="number">${share} %</td></tr>`;
  });
  return `<table><tr><th>message</th><th>mutations</th><th></th></tr>${rows.join('')}</table>`;
}
