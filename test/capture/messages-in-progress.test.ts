import { describe, expect, it } from 'vitest';
import type { Issue } from '../../src/base/error.js';
import { type Holder, MessagesInProgress } from '../../src/capture/records/messages-in-progress.js';

/** Writes down who gives its message up. */
class TestHolder implements Holder {
  held = 0;
  older: Holder | undefined;
  newer: Holder | undefined;
  reason: Issue | undefined;

  constructor(
    readonly messages: MessagesInProgress,
    readonly ended: TestHolder[],
  ) {}

  end(): void {
    this.ended.push(this);
    this.messages.release(this);
  }

  giveUp(issue: Issue): void {
    this.reason = issue;
    this.end();
  }
}

function holders(limit: number) {
  const messages = new MessagesInProgress(limit);
  const ended: TestHolder[] = [];
  const [a, b, c, d] = Array.from({ length: 4 }, () => new TestHolder(messages, ended));
  return { messages, ended, all: [a, b, c, d] as TestHolder[] };
}

describe('messages in progress', () => {
  it.each([0, 1, 2, 3])('stay in their order when that with index %i ends', (ended) => {
    const { messages, all } = holders(1000);
    for (const holder of all) messages.add(holder, 10);
    for (const holder of [...all].reverse()) messages.add(holder, 10);
    expect(messages.all).toEqual(all);
    const [one] = all.splice(ended, 1) as [TestHolder];
    messages.release(one);
    messages.release(one);
    expect(messages.all).toEqual(all);
    messages.add(one, 10);
    expect(messages.all).toEqual([...all, one]);
    expect(messages.all.map(({ held }) => held)).toEqual([20, 20, 20, 10]);
  });

  it('are given up above the limit, the oldest ones first', () => {
    const { messages, ended, all } = holders(30);
    const [a, b, c] = all as [TestHolder, TestHolder, TestHolder];
    for (const holder of [a, b, c]) messages.add(holder, 10);
    expect(ended).toEqual([]);
    messages.add(c, 15);
    expect(ended).toEqual([a, b]);
    expect(a.reason).toMatchObject({ code: 'given_up', actual: 45 });
    messages.add(c, 6);
    expect(ended).toEqual([a, b, c]);
    expect(messages.all).toEqual([]);
  });

  it('end together', () => {
    const { messages, ended, all } = holders(1000);
    for (const holder of all) messages.add(holder, 10);
    messages.end();
    expect(ended).toEqual(all);
    expect(messages.all).toEqual([]);
  });
});
