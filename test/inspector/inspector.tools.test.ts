import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessSuite } from './access.js';
import { hasChromium, launchChromium } from './browser.js';
import { startCommand } from './command.js';
import { detailsSuite } from './details.js';
import { filesSuite } from './files.js';
import { builtPage, Harness, loaded } from './harness.js';
import { liveSuite } from './live.js';
import { messagesSuite } from './messages.js';
import { viewsSuite } from './views.js';
import { workSuite } from './work.js';

/** Bytes of the page without data, packed with gzip: it is sent and stored, and must stay small. */
const sizeMax = 250_000;

const capture = new URL('../../captures/vm-lifecycle.pcapng', import.meta.url).pathname;

function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((done, failed) => {
    request(url, { headers: { host } }, (response) => done(response.resume().statusCode))
      .on('error', failed)
      .end();
  });
}

describe('the page', () => {
  it('is small', () => {
    expect(gzipSync(builtPage).length).toBeLessThan(sizeMax);
  });

  it('allows nothing but itself: no other script, no request, no generated code', () => {
    const [, policy] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(builtPage) ?? [];
    expect(policy).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; worker-src blob:; img-src data:; base-uri 'none'; form-action 'none'$/,
    );
  });
});

// With CI set a missing browser is a failure; elsewhere the reason is in the name.
describe.skipIf(!hasChromium && !process.env.CI)('in a browser (Debian package chromium)', () => {
  let harness: Harness;
  beforeAll(async () => {
    harness = new Harness(await launchChromium());
  });
  afterAll(() => harness.close());

  messagesSuite(() => harness);
  detailsSuite(() => harness);
  viewsSuite(() => harness);
  workSuite(() => harness);
  liveSuite(() => harness);
  filesSuite(() => harness);
  accessSuite(() => harness);

  it('is served on a port of this machine, for this machine only', async () => {
    const { url, stop } = await startCommand(['inspect', capture, '--no-open']);
    const page = await harness.openUrl(url);
    await loaded(page);
    await page.context().close();
    expect(await statusFor(url, 'example.org')).toBe(403);
    expect(await statusFor(`${url}other`, new URL(url).host)).toBe(404);
    expect(await stop()).toBe(0);
  });

  it('has complained about nothing and asked for nothing all the while', () => {
    expect(harness.complaints).toEqual([]);
  });
});
