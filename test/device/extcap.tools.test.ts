import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { extcapInterfaces, extcapLogMessage } from '../../src/device/index.js';
import { main } from '../cli/bundle.js';
import { gunyahRm } from '../cli/run.js';

const isInstalled = process.env.CI !== undefined || spawnSync('tshark', ['--version']).status === 0;

/** The home of a user who has Wireshark. */
const home = mkdtempSync(join(tmpdir(), 'gunyah-rm-extcap-'));
/** Wireshark takes no other folder from root than its own. */
let program = '';
afterAll(() => {
  rmSync(home, { recursive: true });
  rmSync(program, { force: true });
});
const env = { ...process.env, HOME: home, WIRESHARK_EXTCAP_DIR: join(home, 'extcap') };

describe.skipIf(!isInstalled)('extcap', () => {
  beforeAll(() => {
    const words = [main, 'capture', '--extcap-install'];
    const { stderr } = spawnSync(process.execPath, words, { env, encoding: 'utf8' });
    program = /installed (.*\/gunyah-rm)$/m.exec(stderr)?.[1] ?? '';
  });

  it('installs a program and the dissector', () => {
    expect(statSync(program).mode & 0o111).toBe(0o111);
    expect(readFileSync(join(home, '.local/lib/wireshark/plugins/gunyah_rm.lua'), 'utf8')).toContain(
      'gunyah_rm',
    );
  });

  it('stands in the list of interfaces', () => {
    const list = execFileSync('tshark', ['-D'], { env, encoding: 'utf8', stdio: 'pipe' });
    for (const { name, display } of extcapInterfaces) expect(list).toContain(`${name} (${display})`);
  });

  it('captures from a running manager and is decoded', async () => {
    const [socket, tap] = [join(home, 'rm.sock'), join(home, 'tap.sock')];
    const serve = spawn(process.execPath, [main, 'serve', '--socket', socket, '--tap-socket', tap]);
    await once(serve.stderr, 'data');
    const option = `extcap.gunyah_rm_socket.tapsocket:${tap}`;
    const words = ['-i', 'gunyah_rm_socket', '-o', option, '-c', '2', '-a', 'duration:240', '-l'];
    const fields = ['-T', 'fields', '-e', '_ws.col.Protocol', '-e', '_ws.col.Info'];
    const tshark = spawn('tshark', [...words, ...fields], { env });
    const shown = text(tshark.stdout);
    let said = '';
    tshark.stderr.on('data', (chunk) => {
      said += chunk;
    });
    const closed = once(tshark, 'close');
    const client = connect(socket);
    // VM_GET_VMID, again until Wireshark has connected and seen a request with its reply.
    const request = Buffer.from('1000' + '0300ff00' + '2101000024000056', 'hex');
    request.writeUInt16LE(request.length - 2);
    while (tshark.exitCode === null) {
      client.write(request);
      await sleep(200);
    }
    await closed;
    client.destroy();
    serve.kill();
    expect(await shown, said).toMatch(/GUNYAH.*0x56000024|GUNYAH.*VM_GET_VMID/i);
  });
});

describe('extcap answers', () => {
  const ask = async (...words: string[]) => (await gunyahRm(['capture', '--extcap', ...words])).stdout;

  it('describe interfaces, links and options', async () => {
    expect(await ask('--extcap-interfaces', '--extcap-version=4.0')).toMatchSnapshot();
    expect(await ask('--extcap-dlts', '--extcap-interface', 'gunyah_rm_adb')).toContain('dlt {number=252}');
    for (const { name } of extcapInterfaces)
      expect(await ask('--extcap-config', '--extcap-interface', name)).toMatchSnapshot();
  });

  it('refuse what they do not know', async () => {
    expect((await gunyahRm(['capture', '--extcap'])).code).toBe(2);
    expect((await gunyahRm(['capture', '--extcap', '--extcap-config'])).code).toBe(2);
  });

  it('have lines for the log of the toolbar', () => {
    expect(Buffer.from(extcapLogMessage('ab'))).toEqual(Buffer.from('T\0\0\u0005\0\u0003ab\n', 'latin1'));
  });
});
