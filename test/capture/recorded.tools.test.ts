import { describe, it } from 'vitest';
import { expectComesBack, ruleNames } from './recorded-packets.js';

describe('everything.pcapng', () => {
  it.each(ruleNames)('comes back from NDJSON packet by packet, by the rules of %s', (rules) =>
    expectComesBack('everything.pcapng', rules),
  );
});
