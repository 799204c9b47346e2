import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';
import { patienceMs } from '../patience.js';

const executablePath = '/usr/bin/chromium';

/** Whether there is a browser to test with. */
export const hasChromium = existsSync(executablePath);

export function launchChromium(): Promise<Browser> {
  // Without its sandbox, which a container does not allow.
  return chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: patienceMs });
}
