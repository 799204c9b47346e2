import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { Session } from '../../src/inspector/data/session.js';
import { gunyahRm } from '../cli/run.js';
import { isWhole } from '../part.js';
import { recorded } from '../recorded.js';

const names = isWhole ? ['console-irq.pcapng', 'memory.pcapng'] : ['console-irq.pcapng'];

describe.each(names)('what is saved of %s while it is still read', (name) => {
  const bytes = recorded(name);

  /** A session that reads a capture in small pieces, and answers between them as a worker does. */
  function opened(): Session {
    const session = new Session(protocol, {
      emit() {},
      pause: () => new Promise((done) => setImmediate(done)),
    });
    void session.open({ name, blob: new Blob([bytes.slice()]) });
    return session;
  }

  async function decoded(...options: string[]): Promise<string> {
    return (await gunyahRm(['decode', '--json', ...options, '-'], { input: bytes })).stdout;
  }

  let whole: Promise<string> | undefined;
  const decodedWhole = () => {
    whole ??= decoded();
    return whole;
  };

  it('as NDJSON is the whole capture', async () => {
    expect(await (await opened().ndjson()).text()).toBe(await decodedWhole());
  });

  it('as pcapng is the whole capture', async () => {
    const saved = new Uint8Array(await (await opened().pcapng('all')).arrayBuffer());
    expect((await gunyahRm(['decode', '--json', '-'], { input: saved })).stdout).toBe(await decodedWhole());
  });

  it('has all that the filter matches, tested or not', async () => {
    const session = opened();
    session.filter('type == reply');
    expect(await (await session.ndjson()).text()).toBe(await decoded('--filter', 'type == reply'));
    const again = opened();
    again.filter('type == reply');
    const saved = await again.pcapng('shown');
    expect(saved.size).toBeGreaterThan(10_000);
    const whole = opened();
    await whole.ndjson();
    whole.filter('type == reply');
    expect(saved.size).toBe((await whole.pcapng('shown')).size);
  });
});
