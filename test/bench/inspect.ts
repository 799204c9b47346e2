/**
 * `npm run bench:inspect`: the inspector's page with a capture of a million messages, in Debian's chromium. Prints what
 * issue and README say of it, each beside its limit.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { launchChromium } from '../inspector/browser.js';
import { makeCapture } from './capture.js';

const program = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** Frames that hold a little more than a million messages. */
const FRAMES = 1_070_000;
const GIB = 1024 ** 3;
/** Places that are scrolled to. */
const SCROLLS = 40;

/** Filters, and the first message that each shows. */
const FILTERS = [
  'name == "VM_START" and from == 3',
  'type == reply and error != OK',
  'payload.vmid == 128 and seq >= 10',
  'payload.sgl_entries.size == 0x1000',
  'not (id == 0x56000020) and latency_ns > 1000000',
  'issues',
];

interface Verdict {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
}

/** Milliseconds since the page's navigation began at which a state is first seen. */
function until(page: Page, done: string): Promise<number> {
  return page.evaluate(`(async () => {
    while (!(${done})) await new Promise(requestAnimationFrame);
    return performance.now();
  })()`);
}

/** What a page's own clock says between two states of it. */
function timed(page: Page, action: string, done: string): Promise<number> {
  return page.evaluate(`(async () => {
    const start = performance.now();
    ${action};
    while (!(${done})) await new Promise(requestAnimationFrame);
    return performance.now() - start;
  })()`);
}

const summary = `document.querySelector('.summary')?.textContent`;
const scrolledTo = (share: number) => `(() => {
  const body = document.querySelector('.table');
  window.rowsBefore = document.querySelector('.table-space').textContent;
  body.scrollTop = (body.scrollHeight - body.clientHeight) * ${share};
})()`;
/** Rows seen, and none of them still empty. */
const rowsShown = `(() => {
  const body = document.querySelector('.table').getBoundingClientRect();
  const rows = [...document.querySelectorAll('.row')].filter((row) => {
    const { top, bottom } = row.getBoundingClientRect();
    return top >= body.top + 24 && bottom <= body.bottom;
  });
  return rows.length > 3 && rows.every((row) => row.textContent !== '') &&
    document.querySelector('.table-space').textContent !== window.rowsBefore;
})()`;
const typed = (filter: string) => `(() => {
  window.rowsBefore = document.querySelector('.table-space').textContent;
  const input = document.querySelector('#filter');
  input.value = ${JSON.stringify(filter)};
  input.dispatchEvent(new Event('input', { bubbles: true }));
  input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
})()`;

/** JS heap and array buffers of the page and its worker after a collection, in bytes. */
async function memory(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  const sizes: number[] = [];
  const sizeOf = (usage: { usedSize: number; embedderHeapUsedSize?: number; backingStorageSize?: number }) =>
    usage.usedSize + (usage.embedderHeapUsedSize ?? 0) + (usage.backingStorageSize ?? 0);
  await session.send('HeapProfiler.collectGarbage');
  sizes.push(sizeOf(await session.send('Runtime.getHeapUsage')));
  let answered: () => void = () => {};
  const workerDone = new Promise<void>((done) => {
    answered = done;
  });
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result } = JSON.parse(message);
    if (id !== 2) return;
    sizes.push(sizeOf(result));
    answered();
  });
  session.on('Target.attachedToTarget', ({ sessionId }) => {
    for (const [id, method] of [
      [1, 'HeapProfiler.collectGarbage'],
      [2, 'Runtime.getHeapUsage'],
    ])
      void session.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method }) });
  });
  await session.send('Target.setAutoAttach', {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  await workerDone;
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function measure(folder: string): Promise<Verdict[]> {
  const capture = join(folder, 'million.pcapng');
  const file = join(folder, 'million.html');
  makeCapture(capture, FRAMES);
  execFileSync(process.execPath, [program, 'inspect', capture, '-o', file]);
  const browser = await launchChromium();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } });
    await page.goto(pathToFileURL(file).href, { waitUntil: 'commit' });
    const firstRows = await until(page, `document.querySelector('.row .cell')?.textContent`);
    const whole = await until(page, `/messages/.test(${summary}) && !/reading/.test(${summary})`);
    print(await page.evaluate<string>(summary));
    const scrolls: number[] = [];
    for (let step = 1; step <= SCROLLS; step++)
      scrolls.push(await timed(page, scrolledTo((step * 0.618) % 1), rowsShown));
    const verdicts: Verdict[] = [
      { what: 'first rows', value: firstRows, limit: 2000, unit: 'ms' },
      { what: 'whole file', value: whole, limit: 60_000, unit: 'ms' },
      { what: 'slowest of 40 scrolls', value: Math.max(...scrolls), limit: 100, unit: 'ms' },
    ];
    for (const filter of FILTERS) {
      const first = await timed(page, typed(filter), rowsShown);
      const start = await page.evaluate<number>('performance.now()');
      const complete = first + (await until(page, `!/looked at/.test(${summary})`)) - start;
      print(`${filter}: ${await page.evaluate(summary)}`);
      verdicts.push({ what: `first matches: ${filter}`, value: first, limit: 100, unit: 'ms' });
      verdicts.push({ what: `all matches: ${filter}`, value: complete, limit: 2000, unit: 'ms' });
      await timed(page, typed(''), rowsShown);
    }
    for (const tab of ['lanes', 'overview']) {
      const done =
        tab === 'lanes'
          ? `/lanes,/.test(document.querySelector('canvas')?.ariaLabel)`
          : `document.querySelector('.totals')`;
      const ms = await timed(page, `document.querySelector('#tab-${tab}').click()`, done);
      print(`${tab}: ${ms.toFixed(0)} ms`);
    }
    verdicts.push({ what: 'memory', value: (await memory(page)) / GIB, limit: 1.5, unit: 'GiB' });
    return verdicts;
  } finally {
    await browser.close();
  }
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-bench-'));
try {
  for (const { what, value, limit, unit } of await measure(folder)) {
    const holds = value <= limit;
    print(
      `${holds ? 'ok    ' : 'MISSED'} ${what}: ${value.toFixed(value < 10 ? 2 : 0)} ${unit}, limit ${limit}`,
    );
    if (!holds) process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true });
}
