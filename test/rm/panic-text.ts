import { panicPlaces } from '../../src/rm/index.js';

const INTRODUCTION = `# Where the public manager dies

Each row is a place where the public resource manager ends (an assertion, a fault, an exit): the message that brings it
about, the state that it needs, what happens, and what a \`careful\` manager does instead. The simulated manager stops
answering there until it is rebooted and reports the name. "On the real hypervisor" means the platforms
\`qemu\` and \`qemu-production\` only.

This file is made from \`panicPlaces\` in panics.ts; \`npx vitest run test/rm/panics.test.ts -u\` writes it anew. The same
test reaches every place.
`;

/** The places where the public manager dies as a Markdown table, one row each. */
export function panicTable(): string {
  const rows = Object.entries(panicPlaces).map(
    ([name, { message, state, effect, careful }]) =>
      `| \`${name}\` | ${message} | ${state} | ${effect} | ${careful} |`,
  );
  return [
    '| name | message | when | public manager | `careful` answers |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

/** The same as a document, as it lies in PANICS.md. */
export function panicDocument(): string {
  return `${INTRODUCTION}\n${panicTable()}`;
}
