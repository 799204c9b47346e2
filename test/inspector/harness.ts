import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { expect } from 'vitest';
import { embedCapture } from '../../src/inspector/embed.js';
import { patienceMs } from '../patience.js';

const root = resolve(import.meta.dirname, '../..');

/** The page as built, without a capture. */
export const builtPage = readFileSync(join(root, 'dist/inspector/index.html'), 'utf8');
export const lifecycle = readFileSync(join(root, 'captures/vm-lifecycle.pcapng'));

/** Everything that pages are opened with; it is cleaned up at the end, when nobody may have complained. */
export class Harness {
  readonly #folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-inspector-'));
  readonly #complaints: string[] = [];
  #files = 0;

  constructor(private readonly browser: Browser) {}

  /** For files of the tests. */
  get folder(): string {
    return this.#folder;
  }

  /** Opens a page with a capture, without one when it is undefined. */
  async open(capture: Uint8Array | undefined, options: BrowserContextOptions = {}): Promise<Page> {
    const html =
      capture === undefined
        ? builtPage
        : [
            ...embedCapture(builtPage, 'test.pcapng', [gzipSync(capture, { level: 1 }).toString('base64')]),
          ].join('');
    return this.openUrl(pathToFileURL(this.write(`page-${this.#files++}.html`, html)).href, options);
  }

  async openUrl(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await this.browser.newContext({
      viewport: { width: 1280, height: 720 },
      permissions: ['clipboard-read', 'clipboard-write'],
      ...options,
    });
    context.setDefaultTimeout(patienceMs);
    // Whatever is not the page itself or made by it would be a request to the outside.
    await context.route(
      (address) => !['file:', 'blob:', 'data:'].includes(address.protocol) && !address.href.startsWith(url),
      (route) => {
        this.#complaints.push(`request: ${route.request().url()}`);
        return route.abort();
      },
    );
    const page = await context.newPage();
    page.on('console', (message) => this.#complaints.push(`${message.type()}: ${message.text()}`));
    page.on('pageerror', (error) => this.#complaints.push(`error: ${error}`));
    await page.goto(url);
    return page;
  }

  /** Writes a file into a folder of the test's own; returns its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = join(this.#folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** Console messages, errors and requests of all pages so far. */
  get complaints(): readonly string[] {
    return this.#complaints;
  }

  async close(): Promise<void> {
    await this.browser.close();
    rmSync(this.#folder, { recursive: true });
  }
}

/** Waits until what is read passes; returns it. Fails, after a while, with what is read instead. */
export async function eventually<T>(read: () => Promise<T>, passes: (value: T) => boolean): Promise<T> {
  const end = performance.now() + patienceMs;
  for (;;) {
    const value = await read();
    if (passes(value)) return value;
    if (performance.now() > end) throw new Error(`still ${JSON.stringify(value)}, not ${passes}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

/** Waits until what is read equals a value. */
export async function becomes<T>(read: () => Promise<T>, expected: T): Promise<void> {
  const text = JSON.stringify(expected);
  const last = await eventually(read, (value) => JSON.stringify(value) === text).catch(read);
  expect(last).toEqual(expected);
}

/** Waits until a text is there. */
export async function shows(locator: Locator, text: string | RegExp): Promise<void> {
  const read = () => locator.first().textContent({ timeout: patienceMs });
  const has = (shown: string | null) =>
    typeof text === 'string' ? shown?.includes(text) === true : text.test(shown ?? '');
  const last = await eventually(read, has).catch(read);
  expect(last).toMatch(text);
}

/** Waits until the capture has been read, and all its messages are in the table. */
export async function loaded(page: Page): Promise<void> {
  const summary = page.locator('.summary');
  await shows(summary, /^(?!.*reading).*messages in/);
  const [, messages = ''] = /(\S+) messages in/.exec((await summary.textContent()) ?? '') ?? [];
  const rows = Number(messages.replaceAll(',', '')) + 1;
  await becomes(() => page.locator('.table').getAttribute('aria-rowcount'), String(rows));
}

/** Cells of the chosen row. */
export async function chosenRow(page: Page): Promise<string[]> {
  return page.locator('.row.chosen .cell').allTextContents();
}

/** Waits until the chosen row is the one with this number. */
export async function chose(page: Page, no: number): Promise<void> {
  await becomes(async () => (await chosenRow(page))[0], String(no));
}

/** Chooses the first message that a filter shows, another one than was chosen before. */
export async function goTo(page: Page, filter: string): Promise<void> {
  const summary = page.locator('.summary');
  const title = async () => (await page.locator('.details h2').allTextContents())[0];
  const before = await title();
  // Without a filter between, the summary would not tell one from the other.
  await page.locator('#filter').fill('');
  await shows(summary, /^\S+ messages in/);
  await page.locator('#filter').fill(filter);
  await shows(summary, /^\S+ match · /);
  await page.locator('#filter').press('Enter');
  await becomes(() => page.locator('.table:focus').count(), 1);
  await page.keyboard.press('Home');
  await eventually(title, (now) => now !== undefined && now !== before);
}
