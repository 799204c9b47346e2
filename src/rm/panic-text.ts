import { panicPlaces } from './panics.js';

/** The places where the public manager dies as a Markdown table, one row each, for documentation. */
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
