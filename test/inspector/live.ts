import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';
import { patienceMs } from '../patience.js';
import { startCommand } from './command.js';
import { eventually, type Harness, lifecycle, shows } from './harness.js';

/** Pages that grow while they are watched. */
export function liveSuite(harness: () => Harness): void {
  describe('live', () => {
    it('a file that grows, also after another one has taken its place', async () => {
      const path = harness().write('live.pcapng', lifecycle.subarray(0, 2000));
      const { url, stop } = await startCommand(['inspect', '--follow', path, '--no-open']);
      const page = await harness().openUrl(url);
      await shows(page.locator('.summary'), /^[1-9]\d messages .* live$/);
      const rows = async () => Number(await page.locator('.table').getAttribute('aria-rowcount')) - 1;
      const first = await rows();
      expect(first).toBeLessThan(58);
      appendFileSync(path, lifecycle.subarray(2000));
      await eventually(rows, (now) => now === 58);
      renameSync(path, `${path}.1`);
      writeFileSync(path, lifecycle);
      await eventually(rows, (now) => now === 116);
      // What is chosen and sorted stays so while messages are added.
      await page.getByRole('columnheader', { name: 'Name' }).getByRole('button').click();
      appendFileSync(path, lifecycle);
      await eventually(rows, (now) => now === 174);
      const names = () => page.locator('.row .col-name').allTextContents();
      await eventually(names, (now) => now.length > 5 && now.join() === [...now].sort().join());
      await page.context().close();
      expect(await stop()).toBe(0);
    });

    it.each(['--socket', '--tap-socket'])('a manager, over the socket of serve %s', async (option) => {
      const folder = harness().folder;
      const socket = join(folder, `rm${option}.sock`);
      const watched = join(folder, `watched${option}.sock`);
      const words = option === '--socket' ? [option, watched] : ['--socket', socket, option, watched];
      const manager = await startCommand(['serve', ...words]);
      const { url, stop } = await startCommand(['inspect', '--socket', watched, '--no-open']);
      const page = await harness().openUrl(url);
      await shows(page.locator('.summary'), /live$/);
      const to = option === '--socket' ? watched : socket;
      const call = ['call', 'VM_ALLOC_VMID', 'vmid=0', '--timeout', String(patienceMs), '--socket', to];
      for (let calls = 0; calls < 3; calls++) expect((await gunyahRm(call)).code).toBe(0);
      await eventually(
        () => page.locator('.row .col-info').allTextContents(),
        (now) => now.filter((text) => /^VM 1\d\d$/.test(text)).length === 3,
      );
      // A page that is opened later has what came before.
      const later = await harness().openUrl(url);
      await shows(later.locator('.row .col-info'), /VM 128|any VMID|0 bytes/);
      await later.context().close();
      await page.context().close();
      expect(await stop()).toBe(0);
      expect(await manager.stop()).toBe(0);
    });

    it('a socket at which nobody sends a capture is an error', async () => {
      const { code, stderr } = await gunyahRm([
        'inspect',
        '--socket',
        join(harness().folder, 'none.sock'),
        '--no-open',
      ]);
      expect(code).toBe(3);
      expect(stderr).toContain('none.sock');
    });
  });
}
