import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { recorded } from '../recorded.js';
import { becomes, chose, eventually, type Harness, loaded, shows } from './harness.js';

/** Violations that axe calls serious or critical, with the places they are at. */
async function violations(page: Page): Promise<string[]> {
  // Not as a script of the page, which its policy would not run.
  await page.evaluate(axe.source);
  const { violations: all } = await page.evaluate<axe.AxeResults>(`axe.run({ resultTypes: ['violations'] })`);
  return all
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ html }) => html)
          .slice(0, 3)
          .join(' ')}`,
    );
}

/** Colours, narrow screens, screen readers. */
export function accessSuite(harness: () => Harness): void {
  describe('access', () => {
    it.each([
      { colorScheme: 'light', viewport: { width: 1280, height: 720 } },
      { colorScheme: 'dark', viewport: { width: 1280, height: 720 } },
      { colorScheme: 'light', viewport: { width: 390, height: 844 } },
    ] as const)('axe finds nothing serious: $colorScheme, $viewport.width px', async (options) => {
      const page = await harness().open(recorded('malformed-framing.pcapng'), options);
      await loaded(page);
      await page.locator('.table').focus();
      await page.locator('#filter').fill('issues');
      await shows(page.locator('.summary'), /^\S+ match · /);
      await page.locator('#filter').press('Enter');
      await page.keyboard.press('Home');
      await page.locator('.issue-list').waitFor();
      expect(await violations(page)).toEqual([]);
      for (const [key, ready] of [
        ['2', '.lanes-frame canvas'],
        ['3', '.totals'],
      ] as const) {
        await page.keyboard.press(key);
        await page.locator(ready).waitFor();
        expect(await violations(page)).toEqual([]);
      }
      const overflow = () => page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      await eventually(overflow, (pixels) => pixels <= 0);
      await page.context().close();
    });

    it('axe finds nothing serious with suggestions, a wrong filter, find, notes, menus and an order', async () => {
      const page = await harness().open(recorded('vm-lifecycle.pcap'));
      await loaded(page);
      await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click();
      await page.keyboard.press('f');
      await page.locator('.table').focus();
      await page.keyboard.press('Home');
      await page.keyboard.press('m');
      await page.locator('.row.marked').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.locator('#filter').pressSequentially('name == VM_');
      await page.locator('.suggestions [role=option]').first().waitFor();
      await page.keyboard.press('ArrowDown');
      expect(await violations(page)).toEqual([]);
      await page.locator('#filter').fill('name == 3 ');
      await shows(page.locator('.filter-error'), 'name');
      expect(await violations(page)).toEqual([]);
      for (const menu of ['Columns', 'Save']) {
        await page.getByText(menu, { exact: true }).click();
        expect(await violations(page)).toEqual([]);
        await page.keyboard.press('Escape');
      }
      await page.context().close();
    });

    it('axe finds nothing serious on the page without data and in its help', async () => {
      const page = await harness().open(undefined);
      expect(await violations(page)).toEqual([]);
      await page.getByRole('button', { name: 'Help' }).click();
      await page.locator('dialog[open]').waitFor();
      expect(await violations(page)).toEqual([]);
      await page.context().close();
    });

    it('the colours follow the system until they are chosen, and the choice stays', async () => {
      const page = await harness().open(recorded('vm-lifecycle.pcap'), { colorScheme: 'dark' });
      const background = () =>
        page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
      await becomes(background, 'rgb(20, 23, 28)');
      await page.getByRole('button', { name: 'Colours: auto' }).click();
      await becomes(background, 'rgb(255, 255, 255)');
      await page.reload();
      await page.getByRole('button', { name: 'Colours: light' }).click();
      await becomes(background, 'rgb(20, 23, 28)');
      await page.context().close();
    });

    it('everything is reached by keys alone', async () => {
      const page = await harness().open(recorded('vm-lifecycle.pcap'));
      await loaded(page);
      const focused = () =>
        page.evaluate<string>(
          `document.activeElement.getAttribute('aria-label') ?? document.activeElement.id ?? ''`,
        );
      const seen: string[] = [];
      for (let stop = 0; stop < 28; stop++) {
        await page.keyboard.press('Tab');
        seen.push(await focused());
        if (seen.at(-1) === 'Messages') {
          await page.keyboard.press('ArrowDown');
          await chose(page, 1);
          await shows(page.locator('.details h2'), /^1 /);
        }
      }
      const stops = ['tab-messages', 'filter', 'Messages', 'Note', 'Copy message as hex', 'Fields', 'Bytes'];
      for (const stop of [...stops, 'Height of the message', 'Close the message'])
        expect(seen).toContain(stop);
      // Headings are one stop, and arrow keys move between them.
      await page.locator('.table-head button').first().focus();
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('Enter');
      await becomes(
        () => page.getByRole('columnheader', { name: 'Time' }).getAttribute('aria-sort'),
        'ascending',
      );
      // A menu opens and closes, and its boxes are reached.
      await page.getByText('Columns', { exact: true }).focus();
      await page.keyboard.press('Enter');
      await page.keyboard.press('Tab');
      await page.keyboard.press('Space');
      await becomes(() => page.getByRole('columnheader', { name: 'No', exact: true }).count(), 0);
      await page.keyboard.press('Space');
      await page.keyboard.press('Escape');
      await becomes(() => page.locator('.menu[open]').count(), 0);
      await page.locator('#tab-messages').focus();
      await page.keyboard.press('ArrowRight');
      await becomes(focused, 'tab-lanes');
      await page.context().close();
    });
  });
}
