import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { recorded } from '../recorded.js';
import { becomes, chose, chosenRow, eventually, type Harness, lifecycle, loaded, shows } from './harness.js';

/** The table of messages: what it shows, its keys, its filter, its columns. */
export function messagesSuite(harness: () => Harness): void {
  describe('messages', () => {
    let page: Page;
    const key = async (...keys: string[]) => {
      for (const name of keys) await page.keyboard.press(name);
    };
    const chosen = () => chosenRow(page);
    beforeAll(async () => {
      page = await harness().open(lifecycle);
      await loaded(page);
    });

    it('are a row each, with the link between request and reply, and a summary line', async () => {
      await shows(page.locator('.summary'), '58 messages in 60 packets');
      await page.locator('.row').first().click();
      await becomes(chosen, [
        '1',
        '22:13:20.001000000',
        'HLOS',
        'RM',
        'request',
        'VM_GET_STATE',
        '→ 2',
        '',
        '',
        'HLOS',
      ]);
      await key('ArrowDown');
      await becomes(chosen, [
        '2',
        '22:13:20.002000000',
        'RM',
        'HLOS',
        'reply',
        'VM_GET_STATE',
        '← 1',
        'OK',
        '1.000 ms',
        'RUNNING',
      ]);
      await becomes(() => page.locator('.table').getAttribute('aria-rowcount'), '59');
    });

    it('are moved through with keys', async () => {
      await page.locator('.table').focus();
      const steps: readonly (readonly [key: string, no: number])[] = [
        ['Home', 1],
        ['ArrowDown', 2],
        ['ArrowUp', 1],
        ['ArrowUp', 1],
        ['End', 58],
        ['ArrowDown', 58],
      ];
      for (const [name, no] of steps) {
        await key(name);
        await chose(page, no);
      }
      await key('PageUp');
      await eventually(
        async () => Number((await chosenRow(page))[0]),
        (now) => now < 55,
      );
      await key('Home', 'PageDown');
      await eventually(
        async () => Number((await chosenRow(page))[0]),
        (now) => now > 4,
      );
    });

    it('lead from request to reply and back with r', async () => {
      await key('Home', 'r');
      await chose(page, 2);
      await key('r');
      await chose(page, 1);
      await page.locator('#filter').fill('type == notification');
      await shows(page.locator('.summary'), '8 match');
      await page.locator('.table').focus();
      await key('Home', 'r');
      await shows(page.locator('.summary'), 'no counterpart');
      await page.locator('#filter').fill('type == request');
      await shows(page.locator('.summary'), /^2\d match/);
      await page.locator('.table').focus();
      await key('Home', 'r');
      await shows(page.locator('.summary'), 'The filter hides message 2');
      await shows(page.locator('.hidden-note'), 'The filter hides this message.');
      await page.getByRole('button', { name: 'Clear the filter' }).click();
      await chose(page, 2);
      await becomes(() => page.locator('#filter').inputValue(), '');
      await shows(page.locator('.summary'), '58 messages');
    });

    it('stay chosen when the answer to an earlier key comes late', async () => {
      await page.locator('.table').focus();
      // All at once, before the worker can answer: from the reply to its request, but then on to the next message.
      await page.evaluate(`for (const key of ['Home', 'ArrowDown', 'r', 'ArrowDown'])
        document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }))`);
      await shows(page.locator('.details h2'), /^3 /);
      await chose(page, 3);
    });

    it('are filtered with the language of the command line; what is wrong with it is said', async () => {
      await page.locator('.table').focus();
      await key('/');
      await page.keyboard.type('name == "VM_START" and from == 3 ');
      await key('Enter');
      await shows(page.locator('.summary'), '1 match');
      await becomes(() => page.evaluate(`document.activeElement.className`), 'table');
      await key('/');
      await page.locator('#filter').fill('payload.vm_status == "RUNNING"');
      await shows(page.locator('.summary'), /^3 match/);
      await page.locator('#filter').fill('name = 3');
      await shows(page.locator('.filter-error'), 'column 6: expected == for equal');
      await page.locator('#filter').fill('name == VM_STRAT ');
      await shows(page.locator('.filter-error'), 'did you mean VM_START');
      await key('Escape');
      await shows(page.locator('.summary'), /^58 messages/);
      await becomes(() => page.locator('.filter-error').textContent(), '');
    });

    it('hide columns and tell the time in three ways', async () => {
      await page.getByText('Columns', { exact: true }).click();
      await page.getByLabel('Latency').uncheck();
      await eventually(
        () => page.locator('[role=columnheader]').allTextContents(),
        (heads) => heads.length > 5 && !heads.includes('Latency'),
      );
      await page.getByLabel('Seq').check();
      await eventually(
        () => page.locator('.row .col-seq').first().textContent(),
        (now) => now === '0',
      );
      await page.getByLabel('Seq').uncheck();
      await page.getByLabel('since start').check();
      await page.locator('.row').nth(4).click();
      await eventually(chosen, (now) => now?.includes('0.004000000') === true);
      await page.getByText('Columns', { exact: true }).click();
      await page.getByLabel('since row before').check();
      await eventually(chosen, (now) => now?.includes('0.001000000') === true);
      await page.getByLabel('Latency').check();
      await page.getByLabel('UTC').check();
      await page.getByText('Columns', { exact: true }).click();
      await page.locator('.table').focus();
      for (const head of ['Since start', 'Delta', 'Time']) {
        await key('t');
        await shows(page.locator('[role=columnheader]').nth(1), head);
      }
    });

    it('stay in view when the details take their room', async () => {
      const own = await harness().open(lifecycle);
      await loaded(own);
      await own.locator('.table').focus();
      const visible = Math.floor((((await own.locator('.table').boundingBox())?.height ?? 0) - 24) / 24);
      await own.locator(`#row-${visible - 2}`).click();
      await own.locator('.details').waitFor();
      const below = async () => {
        const [row, table] = await Promise.all([
          own.locator('.row.chosen').boundingBox(),
          own.locator('.table').boundingBox(),
        ]);
        return row === null || table === null ? 1 : row.y + row.height - table.y - table.height;
      };
      await eventually(below, (pixels) => pixels <= 0);
      await own.context().close();
    });

    it('are looked for with the letters that follow f at once', async () => {
      const own = await harness().open(lifecycle);
      await loaded(own);
      for (const letter of 'fVM_INIT') await own.keyboard.press(letter);
      await becomes(() => own.locator('#find').inputValue(), 'VM_INIT');
      await own.keyboard.press('Enter');
      await eventually(
        () => chosenRow(own),
        (cells) => cells.includes('VM_INIT'),
      );
      await own.context().close();
    });

    it('have menus that fit on a phone', async () => {
      const own = await harness().open(lifecycle, { viewport: { width: 390, height: 844 } });
      await loaded(own);
      for (const menu of ['Columns', 'Save']) {
        await own.getByText(menu, { exact: true }).click();
        const box = await own.locator('.menu[open] .menu-body').boundingBox();
        expect(box?.x).toBeGreaterThanOrEqual(0);
        expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(390);
        await own.keyboard.press('Escape');
      }
      await own.context().close();
    });

    it('go to the next and previous one with a problem with e and E', async () => {
      const malformed = await harness().open(recorded('malformed-framing.pcapng'));
      await loaded(malformed);
      await malformed.locator('.table').focus();
      await malformed.keyboard.press('e');
      await malformed.locator('.row.chosen.problem').waitFor();
      const [first] = await chosenRow(malformed);
      await malformed.keyboard.press('e');
      await eventually(
        async () => (await chosenRow(malformed))[0],
        (now) => now !== undefined && now !== first,
      );
      await malformed.keyboard.press('E');
      await chose(malformed, Number(first));
      await malformed.keyboard.press('E');
      await shows(malformed.locator('.summary'), 'from the end again');
      await malformed.context().close();
    });
  });
}
