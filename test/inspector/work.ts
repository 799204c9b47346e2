import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { CaptureInput } from '../../src/capture/input/index.js';
import { becomes, chose, chosenRow, eventually, type Harness, lifecycle, loaded, shows } from './harness.js';

/** The suggestions that a page shows. */
const suggestedIn = (page: Page) => page.locator('.suggestions [role=option] code').allTextContents();

/** Gives the focused input texts and keys. The page is drawn after each, but its worker cannot answer in between. */
const atOnce = (page: Page, steps: readonly { readonly text?: string; readonly key?: string }[]) =>
  page.evaluate(`(async () => {
    const input = document.activeElement;
    for (const { text, key } of ${JSON.stringify(steps)}) {
      if (text !== undefined) input.value = text;
      input.dispatchEvent(
        text !== undefined
          ? new Event('input', { bubbles: true })
          : new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }),
      );
      for (let turns = 0; turns < 10; turns++) await undefined;
    }
  })()`);

/** What people do with a capture: complete filters, sort, find, mark, take notes, save. */
export function workSuite(harness: () => Harness): void {
  describe('work', () => {
    let page: Page;
    const key = async (...keys: string[]) => {
      for (const name of keys) await page.keyboard.press(name);
    };
    const focused = () =>
      page.evaluate<string>(
        `document.activeElement.id || document.activeElement.getAttribute('aria-label') || ''`,
      );
    const suggested = () => suggestedIn(page);
    const column = (name: string) => page.locator(`.row .col-${name}`).allTextContents();
    beforeAll(async () => {
      page = await harness().open(lifecycle);
      await loaded(page);
    });

    it('a filter is completed: keys, operators, names of values; Escape only closes the list first', async () => {
      await key('/');
      await page.keyboard.type('na');
      await eventually(suggested, (now) => now[0] === 'name');
      await key('ArrowDown', 'Tab');
      await eventually(suggested, (now) => now.includes('==') && now.includes('matches'));
      await page.keyboard.type('== vm_sta');
      // The list for half of the word has more names.
      const isOfWord = (now: readonly string[]) => now.every((name) => name.includes('VM_STA'));
      await eventually(
        suggested,
        (now) => isOfWord(now) && now.includes('VM_START') && now.includes('VM_STATUS'),
      );
      await key('ArrowDown', 'Enter');
      await eventually(suggested, (now) => now.join() === 'and,or');
      const typed = () => page.locator('#filter').inputValue();
      await eventually(typed, (text) => /^name == VM_STA\w+ $/.test(text));
      await key('Escape');
      await becomes(suggested, []);
      expect(await typed()).not.toBe('');
      await key('Escape');
      await becomes(typed, '');
      await shows(page.locator('.summary'), /^58 messages/);
      await becomes(focused, 'Messages');
    });

    it('a suggestion that is chosen stays chosen when the list for what was typed before comes late', async () => {
      const own = await harness().open(lifecycle);
      await loaded(own);
      const filter = own.locator('#filter');
      await filter.press('ArrowDown');
      const [first] = await eventually(
        () => suggestedIn(own),
        (now) => now.length > 0,
      );
      await atOnce(own, [{ text: 'na' }, { key: 'ArrowDown' }]);
      // The filter is tested after the list has been made.
      await becomes(() => filter.getAttribute('aria-invalid'), 'true');
      await own.keyboard.press('Tab');
      await becomes(() => filter.inputValue(), `${first} `);
      await own.context().close();
    });

    it('a suggestion takes the place of what is left of the word, however much was deleted meanwhile', async () => {
      const own = await harness().open(lifecycle);
      await loaded(own);
      const filter = own.locator('#filter');
      await filter.fill(' == "VM_START"');
      await filter.press('Home');
      await own.keyboard.type('nam');
      await eventually(
        () => suggestedIn(own),
        (now) => now[0] === 'name',
      );
      await atOnce(own, [{ text: 'n == "VM_START"' }, { key: 'ArrowDown' }, { key: 'Tab' }]);
      expect(await filter.inputValue()).toBe('name == "VM_START"');
      await own.context().close();
    });

    it('once a suggestion is taken, keys choose no other one of the same list', async () => {
      const own = await harness().open(lifecycle);
      await loaded(own);
      const filter = own.locator('#filter');
      await filter.press('ArrowDown');
      const [first] = await eventually(
        () => suggestedIn(own),
        (now) => now.length > 1,
      );
      await atOnce(own, [{ key: 'ArrowDown' }, { key: 'Tab' }, { key: 'ArrowDown' }, { key: 'Tab' }]);
      expect(await filter.inputValue()).toBe(`${first} `);
      await own.context().close();
    });

    it('a click on a heading sorts, up, down, and as in the file; the chosen message stays chosen', async () => {
      await page.locator('.table').focus();
      await key('Home');
      await chose(page, 1);
      const heading = page.getByRole('columnheader', { name: 'Name' });
      await heading.getByRole('button').click();
      await eventually(
        () => column('name'),
        (names) =>
          names.length > 5 && names.join() === [...names].sort().join() && names[0] !== 'VM_GET_STATE',
      );
      await becomes(() => heading.getAttribute('aria-sort'), 'ascending');
      await heading.getByRole('button').click();
      await eventually(
        () => column('name'),
        (names) => names.length > 5 && names[0] !== '' && names.join() === [...names].sort().reverse().join(),
      );
      await eventually(
        async () => (await chosenRow(page))[0],
        (no) => no === '1' || no === undefined,
      );
      await heading.getByRole('button').click();
      await eventually(
        () => column('no'),
        (numbers) => numbers[0] === '1' && numbers[1] === '2',
      );
      await page.getByRole('columnheader', { name: 'Latency' }).getByRole('button').click();
      await eventually(
        () => column('latency_ns'),
        (cells) => cells[0] !== '' && cells[0] !== undefined,
      );
      await page.getByRole('columnheader', { name: 'No', exact: true }).getByRole('button').click();
      await eventually(
        () => column('no'),
        (numbers) => numbers[0] === '1',
      );
    });

    it('texts, filters and bytes are found, forth and back, and nothing is hidden', async () => {
      await page.locator('.table').focus();
      await key('Home', 'f');
      await becomes(focused, 'find');
      await page.keyboard.type('32 mib');
      await key('Enter');
      await chose(page, 7);
      await page.getByLabel('What to find').selectOption('filter');
      await page.locator('#find').fill('error != OK');
      await page.locator('#find').press('Enter');
      const chosenNo = async () => Number((await chosenRow(page))[0]);
      const first = await eventually(chosenNo, (no) => no > 7);
      await key('Escape');
      await becomes(focused, 'Messages');
      await key('n');
      await eventually(chosenNo, (no) => no > first);
      await key('N');
      await chose(page, first);
      await shows(page.locator('.summary'), /^58 messages|Found|^$/);
      await key('f');
      await page.getByLabel('What to find').selectOption('bytes');
      // The id of MEM_LEND. The reply stands behind the request.
      await page.locator('#find').fill('12 00 00 51');
      await page.locator('#find').press('Shift+Enter');
      await chose(page, 8);
      await page.locator('#find').fill('zz');
      await page.locator('#find').press('Enter');
      await shows(page.locator('.summary'), 'bytes are looked for as hex');
      await key('Escape');
    });

    it('marks and notes are in the table, are found, filtered, and saved with the capture', async () => {
      await page.locator('.table').focus();
      await key('Home', 'ArrowDown', 'm');
      await page.locator('.row.marked').waitFor();
      await key('ArrowDown', 'ArrowDown');
      await shows(page.locator('.details h2'), /^4 /);
      await key('c');
      await becomes(focused, 'note');
      await page.keyboard.type('why 128?');
      await key('Enter');
      await shows(page.locator('.note-text'), 'why 128?');
      await becomes(focused, 'Messages');
      await key(']');
      await chose(page, 2);
      await page.locator('#filter').fill('comment contains "128"');
      await shows(page.locator('.summary'), /^1 match/);
      await page.locator('#filter').fill('');
      await shows(page.locator('.summary'), /^58 messages/);
      const saved = async (name: string) => {
        await page.getByText('Save', { exact: true }).click();
        const [download] = await Promise.all([
          page.waitForEvent('download'),
          page.getByRole('button', { name, exact: true }).click(),
        ]);
        return readFileSync(await download.path());
      };
      const comments = new Map<number, string>();
      const packets: string[] = [];
      const input = new CaptureInput(
        protocol,
        undefined,
        ({ frame, comment, data, start, end }) => {
          packets.push(Buffer.from(data.subarray(start, end)).toString('hex'));
          if (comment !== undefined) comments.set(frame, comment);
        },
        () => {},
      );
      const bytes = await saved('pcapng with notes');
      input.push(bytes);
      input.end();
      expect(packets).toHaveLength(60);
      expect([...comments]).toEqual([
        [2, 'marked'],
        [4, 'why 128?'],
      ]);
      const again = await harness().open(bytes);
      await loaded(again);
      await again.locator('.row.marked').waitFor();
      await shows(again.locator('.note-text'), 'why 128?');
      await again.context().close();
      await page.locator('#filter').fill('type == notification');
      await shows(page.locator('.summary'), /^8 match/);
      expect((await saved('pcapng')).length).toBeLessThan(bytes.length / 3);
      await page.locator('#filter').fill('');
    });

    it('the lower half is there while a message is chosen; its height is kept', async () => {
      // What Escape does depends on what is drawn.
      await shows(page.locator('.summary'), /^58 messages/);
      await page.locator('.table').focus();
      await key('Home');
      // Until the message is drawn, Enter goes to the fields of the one before, which then give way.
      await shows(page.locator('.details h2'), /^1 /);
      await key('Enter');
      await becomes(focused, 'Fields');
      const fields = page.locator('.tree .node.chosen');
      await key('ArrowDown');
      await fields.waitFor();
      await key('Escape');
      await fields.waitFor({ state: 'detached' });
      await key('Escape');
      await becomes(focused, 'Messages');
      const splitter = page.getByRole('separator');
      await splitter.focus();
      const share = async () => Number(await splitter.getAttribute('aria-valuenow'));
      const before = await share();
      await key('ArrowDown', 'ArrowDown');
      await becomes(share, before - 10);
      const box = (await splitter.boundingBox()) as { x: number; y: number };
      await page.mouse.move(box.x + 100, box.y + 3);
      await page.mouse.down();
      await page.mouse.move(box.x + 100, box.y - 97, { steps: 3 });
      await page.mouse.up();
      const moved = await eventually(share, (now) => now > before);
      await page.locator('.table').focus();
      await key('Escape');
      await becomes(() => page.locator('.details').count(), 0);
      await key('Home');
      await becomes(share, moved);
    });

    it('? opens the help and Escape closes it; tabs stay where they are', async () => {
      await key('?');
      await page.locator('dialog[open]').waitFor();
      await key('Escape');
      await becomes(() => page.locator('dialog[open]').count(), 0);
      const places = () =>
        page.evaluate<string>(
          `[...document.querySelectorAll('[role=tab]')].map((tab) => tab.getBoundingClientRect().left).join()`,
        );
      const before = await places();
      for (const tab of ['2', '3', '1']) {
        await key(tab);
        await page.locator(`[role=tab][aria-selected=true]:nth-child(${tab})`).waitFor();
        expect(await places()).toBe(before);
      }
    });
  });
}
