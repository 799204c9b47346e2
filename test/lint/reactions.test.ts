import { describe, expect, it } from 'vitest';
import { replyLines } from '../host/vectors.js';
import { findingsOf, isHurt } from './reactions.js';

/** What lint finds for the client that was recorded, but for what is merely suspicious. */
const serious = replyLines.map((line) => ({
  line,
  found: findingsOf(line).filter(({ rule }) => rule.level !== 'suspicious'),
}));

describe('recorded reactions of Linux clients', () => {
  it('that hurt the client are found with that client', () => {
    const hurt = serious.filter(({ line }) => isHurt(line));
    const missed = hurt.filter(({ found }) => found.length === 0);
    expect(hurt).toHaveLength(120);
    expect(missed.map(({ line }) => `${line.client} ${line.call}: ${line.name}`)).toEqual([]);
    for (const { line, found } of hurt) for (const { peers } of found) expect(peers).toEqual([line.client]);
  });

  it('that do not hurt it are not found', () => {
    const wrong = serious.filter(({ line, found }) => !isHurt(line) && found.length > 0);
    expect(wrong.map(({ line }) => `${line.client} ${line.name}`)).toEqual([]);
  });
});
