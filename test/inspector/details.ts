import type { Page } from 'playwright-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { recorded } from '../recorded.js';
import { becomes, eventually, goTo, type Harness, lifecycle, loaded, shows } from './harness.js';

/** Fields and bytes of a message, and the way from one to the other. */
export function detailsSuite(harness: () => Harness): void {
  describe('fields and bytes', () => {
    let page: Page;
    const node = (name: string) =>
      page.locator('.node', { has: page.locator(`.field-name:text-is("${name}")`) });
    const marked = async (kind: 'hot' | 'chosen') =>
      (await page.locator(`.hex [role=gridcell].${kind}`).allTextContents()).join(' ');
    const copied = async (form: string) => {
      await page.getByRole('button', { name: new RegExp(`as ${form}$`) }).click();
      await shows(page.locator('.copy [role=status]'), `copied as ${form}`);
      return page.evaluate<string>('navigator.clipboard.readText()');
    };
    beforeAll(async () => {
      page = await harness().open(lifecycle);
      await loaded(page);
      await goTo(page, 'name == "MEM_LEND" and type == request');
    });

    it('show every field in its own notation, in lists by entry', async () => {
      const lines = async () =>
        (await page.locator('.node').allTextContents()).map((line) => line.replace(/^[▸▾]/, ''));
      await becomes(lines, [
        'header',
        'mem_typeNORMAL',
        'reserved0x0',
        'flags-',
        'reserved10x0',
        'label0',
        'acl_entries1 entry',
        'count1',
        'acl_entries_reserved0x0',
        '[0]vmid 128, rights X | W | R',
        'vmid128',
        'rightsX | W | R',
        'reserved0x0',
        'sgl_entries1 entry',
        'count1',
        'sgl_entries_reserved0x0',
        '[0]ipa 0x88000000, size 0x2000000 (32 MiB)',
        'ipa0x88000000',
        'size0x2000000 (32 MiB)',
        'attr_entries0 entries',
        'count0',
        'attr_entries_reserved0x0',
      ]);
      await page.locator('.node .twist').first().click();
      await shows(node('msg_id'), '0x51000012');
      await shows(node('type').first(), 'REQUEST');
      // What is unfolded stays so when the message changes, as by a mark.
      const mark = page.locator('.details .mark');
      for (const isMarked of ['true', 'false']) {
        await mark.click();
        await becomes(() => mark.getAttribute('aria-pressed'), isMarked);
        expect(await node('msg_id').count()).toBe(1);
      }
      await page.locator('.node .twist').first().click();
    });

    it('explain a field that is pointed at, and mark its bytes', async () => {
      await node('rights').hover();
      await shows(page.locator('.field-doc'), /acl_entries\[0\]\.rights/);
      await shows(page.locator('.field-doc'), /0x1 X, 0x2 W, 0x4 R/);
      await becomes(() => marked('hot'), '07');
      const colour = await node('rights').locator('.swatch').getAttribute('style');
      expect(colour).toMatch(/var\(--field-[0-7]\)/);
      expect(await page.locator('.hex [role=gridcell].hot').getAttribute('style')).toBe(colour);
    });

    it('mark the field of a byte that is pointed at or chosen', async () => {
      await page.locator('#byte-16').hover();
      await becomes(() => page.locator('.node.hot .field-name').allTextContents(), ['count']);
      await page.locator('#byte-20').click();
      await eventually(
        () => page.locator('.node.chosen').textContent(),
        (now) => now?.includes('vmid') === true,
      );
      await becomes(() => marked('chosen'), '80 00');
      await page.keyboard.press('ArrowRight');
      await page.keyboard.press('ArrowRight');
      await becomes(() => marked('chosen'), '07');
      const cursor = () => page.locator('.hex [role=gridcell].cursor').getAttribute('id');
      const steps: readonly (readonly [key: string, byte: number])[] = [
        ['ArrowLeft', 21],
        ['ArrowDown', 37],
        ['ArrowUp', 21],
        ['Home', 0],
        ['PageDown', 47],
        ['PageUp', 0],
        ['End', 47],
      ];
      for (const [key, byte] of steps) {
        await page.keyboard.press(key);
        await becomes(cursor, `byte-${byte}`);
      }
      await page.keyboard.press('Escape');
      await becomes(() => marked('chosen'), '');
    });

    it('have keys of their own in the tree', async () => {
      await page.locator('.tree').focus();
      const steps: readonly (readonly [key: string, name: string])[] = [
        ['Home', 'header'],
        ['ArrowLeft', 'header'],
        ['ArrowRight', 'header'],
        ['ArrowRight', 'api_version'],
        ['ArrowLeft', 'header'],
        ['ArrowLeft', 'header'],
        ['ArrowDown', 'mem_type'],
        ['ArrowUp', 'header'],
      ];
      for (const [key, name] of steps) {
        await page.keyboard.press(key);
        await becomes(() => page.locator('.node.chosen .field-name').textContent(), name);
      }
      await eventually(
        () => marked('chosen'),
        (bytes) => /^21 01 .. 00 12 00 00 51$/.test(bytes),
      );
      await page.keyboard.press('Escape');
      await becomes(() => page.locator('.node.chosen').count(), 0);
    });

    it('are copied as hex, JSON and C: the message, or the field that is chosen', async () => {
      expect(await copied('hex')).toMatch(/^3>255 2101[0-9a-f]{92}\n$/);
      expect(JSON.parse(await copied('JSON')).name).toBe('MEM_LEND');
      expect(await copied('C')).toMatch(
        /^\/\* 3 -> 255.*\nstatic const uint8_t mem_lend_request\[\] = \{\n\t0x21, 0x01,[^}]*\};\nstatic const uint16_t mem_lend_request_sizes\[\] = \{ 48 \};\n$/,
      );
      await node('vmid').click();
      expect(await copied('hex')).toBe('8000\n');
      expect(await copied('JSON')).toBe('128\n');
      expect(await copied('C')).toBe('{\n\t0x80, 0x00,\n}\n');
    });

    it('show issues at their bytes, left-over bytes, and frames that are no message at all', async () => {
      const other = await harness().open(recorded('malformed-framing.pcapng'));
      await loaded(other);
      await goTo(other, 'type == malformed');
      await shows(other.locator('.issue-list'), /a header has|no RPC header|the header announces/);
      await other.locator('.issue-list button').first().click();
      await eventually(
        () => other.locator('.hex .byte.cursor.problem').count(),
        (now) => now > 0,
      );
      await goTo(other, 'rest and issues');
      await shows(other.locator('.tree'), /left over\d+ bytes/);
      await other.context().close();
    });
  });
}
