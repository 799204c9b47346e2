import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';
import { captures, recorded } from '../recorded.js';
import { becomes, type Harness, lifecycle, loaded, shows } from './harness.js';

/** Section header, and an interface of a link type: a pcapng file without packets. */
function emptyPcapng(linkType: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(28 + 20 + (linkType === 252 ? 0 : 36)));
  const words = [0x0a0d0d0a, 28, 0x1a2b3c4d, 1, 0xffffffff, 0xffffffff, 28, 1, 20, linkType, 0, 20];
  // An Ethernet packet of four bytes.
  if (linkType !== 252) words.push(6, 36, 0, 0, 0, 4, 4, 0xdeadbeef, 36);
  for (const [index, word] of words.entries()) view.setUint32(index * 4, word, true);
  return new Uint8Array(view.buffer);
}

/** Script of a page that makes what a drop of a file brings. As text: the types of pages are not those of these tests. */
function transferOf(name: string, bytes: Uint8Array): string {
  return `(() => {
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob('${Buffer.from(bytes).toString('base64')}'), (char) => char.charCodeAt(0));
    data.items.add(new File([bytes], '${name}'));
    return data;
  })()`;
}

/** Drops a file on the page as a person does. */
async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const transfer = await page.evaluateHandle(transferOf(name, bytes));
  await page.dispatchEvent('body', 'dragover', { dataTransfer: transfer });
  await page.dispatchEvent('body', 'drop', { dataTransfer: transfer });
}

/** What the page takes, what it says of what it cannot take, and that its values are those of the command line. */
export function filesSuite(harness: () => Harness): void {
  describe('files', () => {
    let page: Page;
    beforeAll(async () => {
      page = await harness().open(undefined);
    });

    it('are dropped on a page without data, or chosen, also packed with gzip', async () => {
      await shows(page.locator('.start'), 'Drop a capture here');
      await drop(page, 'boot.pcapng', lifecycle);
      await loaded(page);
      await shows(page.locator('h1'), 'boot.pcapng');
      await becomes(() => page.title(), 'boot.pcapng - gunyah-rm inspect');
      const packed = new URL('../recorded/vm-second-boot.pcapng.gz', import.meta.url);
      await page.locator('input[type=file]').setInputFiles(packed.pathname);
      await shows(page.locator('.summary'), '97 messages');
      await shows(page.locator('h1'), 'vm-second-boot.pcapng.gz');
    });

    const text = new TextEncoder();
    it.each<[what: string, bytes: Uint8Array, problem: RegExp, messages: string]>([
      [
        'a damaged capture',
        lifecycle.subarray(0, 3000),
        /^The capture is damaged: .* 292 bytes are needed, 52 are there.*What comes before is shown/,
        ' messages in',
      ],
      [
        'no capture',
        text.encode('#!/bin/sh\necho hello\n'),
        /^This is no capture that can be read here/,
        '0 messages',
      ],
      [
        'packets of another link type',
        emptyPcapng(1),
        /^The packets are of link type 1\. .* of type 252 or 147\.$/,
        '0 messages',
      ],
      ['a capture without packets', emptyPcapng(252), /^The capture holds no messages\.$/, '0 messages'],
      ['an empty file', new Uint8Array(0), /^The file is empty\.$/, '0 messages'],
      ['broken gzip', Uint8Array.of(0x1f, 0x8b, 8, 0, 1, 2, 3), /^The file cannot be read/, '0 messages'],
    ])('that are %s are told', async (_what, bytes, problem, messages) => {
      await drop(page, 'file', bytes);
      await shows(page.locator('.problem-box'), problem);
      await shows(page.locator('.summary'), messages);
      await page.getByRole('tab', { name: 'Lanes' }).click();
      await page.getByRole('tab', { name: 'Overview' }).click();
      await page.locator('.totals').waitFor();
      await page.getByRole('tab', { name: 'Messages' }).click();
    });

    it('that are empty are told of in a page that was made with them, too', async () => {
      const made = await harness().open(new Uint8Array(0));
      await shows(made.locator('.problem-box'), 'The file is empty.');
      await made.context().close();
    });

    it('keep the filter of the capture before, also one that is typed meanwhile', async () => {
      await drop(page, 'first.pcapng', lifecycle);
      await page.locator('#filter').fill('type == reply');
      await shows(page.locator('.summary'), /^\d+ match · /);
      await drop(page, 'second.pcapng', lifecycle);
      await shows(page.locator('h1'), 'second.pcapng');
      await shows(page.locator('.summary'), /^\d+ match · /);
      // Typed and dropped at once: the filter is applied when its time has come, to what is open then.
      await page.evaluate(`(() => {
        const dataTransfer = ${transferOf('third.pcapng', lifecycle)};
        const filter = document.querySelector('#filter');
        filter.value = '';
        filter.dispatchEvent(new Event('input', { bubbles: true }));
        document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
      })()`);
      await shows(page.locator('h1'), 'third.pcapng');
      await shows(page.locator('.summary'), /^\d+ messages in/);
    });

    it.each(captures)('have the values of decode --json: %s', async (name) => {
      const bytes = recorded(name);
      const file = harness().write(name, bytes);
      await page.locator('input[type=file]').setInputFiles(file);
      await shows(page.locator('h1'), name);
      // Saving waits for the end of reading by itself.
      const [download, decoded] = await Promise.all([
        page.waitForEvent('download'),
        gunyahRm(['decode', '--json', file]),
        page
          .getByText('Save', { exact: true })
          .click()
          .then(() => page.getByRole('button', { name: 'NDJSON' }).click()),
      ]);
      expect(download.suggestedFilename()).toBe(name.replace(/\.\w+$/, '.ndjson'));
      // Compared as a whole, and told by line: a difference of 20 MB of text is nothing to print.
      const [own, expected] = [readFileSync(await download.path(), 'utf8'), decoded.stdout];
      if (own !== expected) expect(own.split('\n')).toEqual(expected.split('\n'));
      expect(expected.length).toBeGreaterThan(1000);
    });
  });
}
