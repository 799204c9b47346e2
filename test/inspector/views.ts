import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { CaptureInput } from '../../src/capture/input/index.js';
import { Summary } from '../../src/capture/print/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import { rmRules } from '../../src/rpc/index.js';
import { becomes, chose, eventually, type Harness, lifecycle, loaded, shows } from './harness.js';

/** Lanes and overview. */
export function viewsSuite(harness: () => Harness): void {
  describe('lanes and overview', () => {
    let page: Page;
    beforeAll(async () => {
      page = await harness().open(lifecycle);
      await loaded(page);
    });

    it('draw a lane for RM and each VM, with states and parcels, and say it as text', async () => {
      await page.getByRole('tab', { name: 'Lanes' }).click();
      await becomes(
        () => page.locator('.lanes-frame canvas').getAttribute('aria-label'),
        '3 lanes, 58 messages, 3 errors, 1 resets, 1 hazards, 8 VM states, 1 parcels; as text below',
      );
      const pixels = await page.evaluate(`(() => {
        const canvas = document.querySelector('.lanes-frame canvas');
        const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return new Set(new Uint32Array(data.buffer)).size;
      })()`);
      expect(pixels).toBeGreaterThan(50);
      await page.getByText('As text').click();
      const text = (await page.locator('.lanes-text').textContent()) as string;
      expect(text).toContain('VM_ALLOC_VMID request, HLOS → RM');
      for (const state of ['LOAD', 'INIT', 'READY', 'RUNNING', 'EXITED', 'RESETTING', 'RESET'])
        expect(text).toContain(`VM 128 ${state}, `);
      expect(text).toMatch(/Parcel 0, LEND of HLOS, 7 ms to 55 ms/);
      await page.getByText('As text').click();
    });

    it('zoom and pan with buttons, keys, wheel and pointer', async () => {
      const hint = page.locator('.lanes-hint');
      const canvas = page.locator('.lanes-frame canvas');
      const shown = async (text: RegExp) => shows(hint, text);
      await shown(/^58 messages/);
      await page.getByRole('button', { name: 'Zoom in' }).click();
      await shown(/^[23]\d messages/);
      await canvas.focus();
      await page.keyboard.press('+');
      await shown(/^1\d messages/);
      /** Waits until another part is shown, and the pointer points at nothing. */
      const moved = (from: string | null) =>
        eventually(
          () => hint.textContent(),
          (now) => now !== from && /^\d+ messages/.test(now ?? ''),
        );
      const before = await hint.textContent();
      await page.keyboard.press('ArrowRight');
      await moved(before);
      await page.keyboard.press('Home');
      await shown(/, 0 ns to/);
      await page.keyboard.press('End');
      await shown(/ 60.18 ms$/);
      await page.keyboard.press('PageUp');
      await eventually(
        () => hint.textContent(),
        (now) => now?.endsWith(' 60.18 ms') === false,
      );
      await page.keyboard.press('PageDown');
      await page.keyboard.press('PageDown');
      await shown(/ 60.18 ms$/);
      await page.keyboard.press('-');
      await shown(/^[23]\d messages/);
      await page.getByRole('button', { name: 'Whole' }).click();
      await shown(/^58 messages/);
      const box = (await canvas.boundingBox()) as { x: number; y: number; width: number };
      await page.mouse.move(box.x + 300, box.y + 60);
      await page.mouse.wheel(0, -400);
      await page.mouse.move(2, 2);
      await shown(/^[12]\d messages/);
      const drag = async (from: number, to: number) => {
        await page.mouse.move(box.x + from, box.y + 250);
        await page.mouse.down();
        await page.mouse.move(box.x + to, box.y + 250, { steps: 4 });
        await page.mouse.up();
        await page.mouse.move(2, 2);
      };
      const unmoved = await hint.textContent();
      await page.keyboard.down('Shift');
      await drag(600, 500);
      await page.keyboard.up('Shift');
      const panned = await moved(unmoved);
      // Without Shift a drag marks the part to zoom to.
      await drag(300, 600);
      await eventually(
        () => hint.textContent(),
        (now) => Number.parseInt(now ?? '', 10) < Number.parseInt(panned ?? '', 10),
      );
      await page.mouse.dblclick(box.x + 300, box.y + 300);
      await page.mouse.move(2, 2);
      await shown(/^58 messages/);
      await drag(300, 600);
      await eventually(
        () => hint.textContent(),
        (now) => Number.parseInt(now ?? '', 10) < 58,
      );
      await canvas.focus();
      await page.keyboard.press('0');
      await shown(/^58 messages/);
    });

    it('choose the message that is clicked, and go to the next with the keys', async () => {
      const canvas = page.locator('.lanes-frame canvas');
      const box = (await canvas.boundingBox()) as { x: number; y: number; width: number };
      // The first message stands where the air around the capture ends: 2 % of the duration on each side.
      const gutter = 92;
      await page.mouse.click(box.x + gutter + ((box.width - gutter) * 0.02) / 1.04, box.y + 216);
      await shows(page.locator('.details h2'), '1 VM_GET_STATE');
      await canvas.focus();
      await page.keyboard.press('ArrowDown');
      await shows(page.locator('.details h2'), '2 VM_GET_STATE');
      await page.getByRole('button', { name: 'To chosen' }).click();
      await shows(page.locator('.lanes-hint'), /^\d messages|^1\d messages/);
      await page.keyboard.press('1');
      await chose(page, 2);
    });

    it('count what decode --summary counts', async () => {
      const summary = new Summary(protocol);
      const assembler = new Assembler({
        protocol,
        rules: rmRules,
        record: (record) => summary.record(record),
        unanswered: (request) => summary.lost(request),
      });
      const input = new CaptureInput(
        protocol,
        undefined,
        (packet) => assembler.packet(packet),
        () => {},
      );
      input.push(lifecycle);
      input.end();
      assembler.end();
      const { messages, errors } = summary.toJson();
      await page.keyboard.press('3');
      await page.locator('.totals').waitFor();
      const totals = async () => (await page.locator('.totals dd').allTextContents()).join(' ');
      await becomes(totals, '58 60 0 0 1 59 ms');
      const rows = await page.evaluate<string[][]>(`Array.from(
        document.querySelectorAll('[aria-label="Counts and latencies"] tbody tr'),
        (row) => Array.from(row.children, (cell) => cell.textContent),
      )`);
      expect(rows.map(([name, , ...counts]) => [name, ...counts.slice(0, 3)])).toEqual(
        Object.entries(messages).map(([name, { request = '', reply = '', notification = '' }]) =>
          [name, request, reply, notification].map(String),
        ),
      );
      const codes = await page.locator('[aria-label="Errors by code"] tbody th').allTextContents();
      expect(codes.sort()).toEqual([...new Set(Object.values(errors).flatMap(Object.keys))].sort());
    });

    it('lead from a number to the messages behind it', async () => {
      await page.getByRole('button', { name: 'VM_GET_ID', exact: true }).click();
      await shows(page.locator('.summary'), '4 match');
      await becomes(() => page.locator('#filter').inputValue(), 'name == "VM_GET_ID"');
      await page.locator('#filter').press('Escape');
    });
  });
}
