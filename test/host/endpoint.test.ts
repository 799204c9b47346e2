import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import {
  Endpoint,
  type EndpointEvent,
  type GenerationName,
  generations,
  HostError,
  type OutgoingCall,
} from '../../src/host/index.js';
import { SequenceNumbers } from '../../src/host/sequence.js';
import { fragment, writeFrame } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
import { holds } from '../seeded.js';

const names = Object.keys(generations) as GenerationName[];
const message = { id: 0x56000017, name: 'VM_GET_STATE' };
const room = { error: 0, notFull: true };
const none = new Uint8Array(0);

/** Sends everything that can be sent; the sequence numbers of what went out. */
function sendAll(endpoint: Endpoint, result = room): number[] {
  const seqs: number[] = [];
  for (let next = endpoint.nextTransmit(); next; next = endpoint.nextTransmit()) {
    seqs.push(new DataView(next.frame.buffer).getUint16(2, true));
    endpoint.sent(result);
  }
  return seqs;
}

function events(endpoint: Endpoint): EndpointEvent[] {
  const found: EndpointEvent[] = [];
  for (let event = endpoint.nextEvent(); event; event = endpoint.nextEvent()) found.push(event);
  return found;
}

function reply(seq: number, payload = Uint8Array.of(0, 0, 0, 0)): Uint8Array[] {
  return fragment(protocol, { type: MessageType.reply, seq, msg_id: message.id }, payload);
}

function interrupt(endpoint: Endpoint, frames: Uint8Array[]): void {
  endpoint.receive(() => frames.shift());
}

const refusal = (run: () => unknown): HostError => {
  try {
    run();
  } catch (error) {
    if (error instanceof HostError) return error;
  }
  throw new Error('not refused');
};

describe('sequence numbers', () => {
  it('go round past those that are taken, until there is none', () => {
    const numbers = new SequenceNumbers(4, 2);
    expect([numbers.take(), numbers.take(), numbers.take()]).toEqual([2, 3, 0]);
    numbers.free(3);
    expect([numbers.take(), numbers.take(), numbers.take()]).toEqual([1, 3, undefined]);
    numbers.free(2);
    expect(numbers.take()).toBe(2);
  });
});

describe('endpoint', () => {
  it.each(names)('%s lets as many calls wait at once as its send lock does', (name) => {
    const endpoint = new Endpoint(name);
    const calls = [0, 1, 2].map(() => endpoint.start(message, none));
    const several = /^(v17|q515)$/.test(name);
    expect(sendAll(endpoint)).toEqual(several ? [0, 1, 2] : [0]);
    interrupt(endpoint, reply(0));
    expect(events(endpoint)).toEqual([{ kind: 'returned', call: calls[0], payload: none }]);
    expect(sendAll(endpoint)).toEqual(several ? [] : [1]);
  });

  it('matches replies that come out of order', () => {
    const endpoint = new Endpoint('v17');
    const calls = [0, 1, 2].map(() => endpoint.start(message, none));
    sendAll(endpoint);
    interrupt(
      endpoint,
      [2, 0, 1].flatMap((seq) => reply(seq, Uint8Array.of(0, 0, 0, 0, seq))),
    );
    const returned = events(endpoint).flatMap((event) => (event.kind === 'returned' ? [event] : []));
    expect(returned.map(({ call, payload }) => [calls.indexOf(call), payload[0]])).toEqual([
      [2, 2],
      [0, 0],
      [1, 1],
    ]);
  });

  it.each(names)('%s goes round its sequence numbers, past those that are taken', (name) => {
    const { sequenceCount } = generations[name];
    const endpoint = new Endpoint(name, { firstSequence: sequenceCount - 1 });
    const seqs = [0, 1].map(() => endpoint.start(message, none).seq);
    expect(seqs).toEqual([sequenceCount - 1, 0]);
  });

  it.each(names)('%s refuses what it cannot send, and has used up a number', (name) => {
    const endpoint = new Endpoint(name);
    const { requestSizeMax } = generations[name];
    expect(refusal(() => endpoint.start({ id: 0, name: 'none' }, none)).errno).toBe('EINVAL');
    const error = refusal(() => endpoint.start(message, new Uint8Array(requestSizeMax + 1)));
    expect(error).toMatchObject({ errno: 'E2BIG', endedBy: 'local', actual: requestSizeMax + 1 });
    expect(endpoint.start(message, new Uint8Array(requestSizeMax)).seq).toBe(1);
    expect(endpoint.outstandingCount).toBe(1);
  });

  it('waits for room before it sends on, and sends again what found the queue full', () => {
    const endpoint = new Endpoint('a15');
    endpoint.start(message, new Uint8Array(500));
    expect(endpoint.nextTransmit()?.push).toBe(false);
    expect(endpoint.nextTransmit()).toBeUndefined();
    endpoint.sent({ error: 0, notFull: false });
    expect(endpoint.nextTransmit()).toBeUndefined();
    endpoint.notFull();
    const second = endpoint.nextTransmit();
    endpoint.sent({ error: 61, notFull: false });
    expect(endpoint.nextTransmit()).toBeUndefined();
    endpoint.notFull();
    expect(endpoint.nextTransmit()).toEqual(second);
    // The queue was emptied before the result was seen.
    endpoint.notFull();
    endpoint.sent({ error: 0, notFull: false });
    expect(endpoint.nextTransmit()?.push).toBe(true);
  });

  it('lets the next call send when one could not be sent', () => {
    const endpoint = new Endpoint('a14');
    const [first, second] = [endpoint.start(message, none), endpoint.start(message, none)];
    endpoint.nextTransmit();
    endpoint.sent({ error: 31, notFull: true });
    expect(events(endpoint)).toMatchObject([
      { kind: 'failed', call: first, error: { errno: 'EBUSY', actual: 31 } },
    ]);
    expect(sendAll(endpoint)).toEqual([second.seq]);
  });

  it('takes a reply that comes before the last of the request', () => {
    const endpoint = new Endpoint('v17');
    endpoint.start(message, new Uint8Array(300));
    endpoint.nextTransmit();
    endpoint.sent(room);
    interrupt(endpoint, reply(0));
    expect(events(endpoint)).toEqual([]);
    sendAll(endpoint);
    expect(events(endpoint)).toMatchObject([{ kind: 'returned' }]);
  });

  it.each(names)('%s gives up a call: as an interruption before it sends, with the hazard after', (name) => {
    const endpoint = new Endpoint(name);
    const first = endpoint.start(message, new Uint8Array(300));
    const second = endpoint.start(message, none);
    endpoint.nextTransmit();
    endpoint.giveUp(second);
    endpoint.giveUp(first);
    endpoint.sent(room);
    const [failed, given] = events(endpoint) as Extract<EndpointEvent, { kind: 'failed' }>[];
    expect(failed?.call).toBe(second);
    expect(failed?.error).toMatchObject({
      errno: name === 'q515' ? 'ERESTARTSYS' : 'EINTR',
      endedBy: 'local',
      hazard: /^(v17|q515)$/.test(name) ? undefined : { name: 'uninterruptible_send' },
    });
    expect(given).toMatchObject({
      call: first,
      error: { code: 'no_answer', hazard: { effect: 'never_returns' } },
    });
    endpoint.giveUp(first);
    expect([events(endpoint), sendAll(endpoint), endpoint.outstandingCount]).toEqual([[], [], 0]);
  });

  it('gives up a call for which the queue had no room as one of which nothing was sent', () => {
    const endpoint = new Endpoint('a15');
    const call = endpoint.start(message, none);
    endpoint.nextTransmit();
    endpoint.sent({ error: 61, notFull: false });
    endpoint.giveUp(call);
    expect(events(endpoint)).toMatchObject([{ kind: 'failed', error: { errno: 'EINTR', endedBy: 'local' } }]);
  });

  it('reads on after a queue whose reading has thrown, and what had ended has ended', () => {
    const endpoint = new Endpoint('a15');
    const call = endpoint.start(message, none);
    sendAll(endpoint);
    const frames = reply(0);
    const take = () => {
      const frame = frames.shift();
      if (frame === undefined) throw new Error('broken');
      return frame;
    };
    expect(() => endpoint.receive(take)).toThrow('broken');
    expect(events(endpoint)).toEqual([{ kind: 'returned', call, payload: none }]);
    endpoint.start(message, none);
    sendAll(endpoint);
    interrupt(endpoint, reply(1));
    expect(events(endpoint)).toMatchObject([{ kind: 'returned' }]);
  });

  it('goes on after a call that was given up with its reply in assembly', () => {
    const endpoint = new Endpoint('a15');
    const call = endpoint.start(message, none);
    sendAll(endpoint);
    const [first, ...rest] = reply(call.seq, new Uint8Array(600)) as [Uint8Array, ...Uint8Array[]];
    interrupt(endpoint, [first]);
    expect(endpoint.assembling).toBe(true);
    endpoint.giveUp(call);
    const next = endpoint.start(message, none);
    sendAll(endpoint);
    interrupt(endpoint, [...rest, ...reply(next.seq)]);
    expect(events(endpoint).map(({ kind }) => kind)).toEqual(['failed', 'dropped', 'dropped', 'returned']);
  });

  it.each(names)(
    '%s makes EIO of an error reply that is cut, but for q515, which looks at the error word',
    (name) => {
      const endpoint = new Endpoint(name);
      endpoint.start(message, none);
      sendAll(endpoint);
      const denied = new Uint8Array(300);
      denied[0] = 3;
      const notification = writeFrame(protocol, { type: 3, fragments: 0, seq: 0, msg_id: 1 }, denied, 0, 4);
      interrupt(endpoint, [reply(0, denied)[0] as Uint8Array, notification]);
      const error =
        name === 'q515' ? { errno: 'EINVAL', actual: 'DENIED' } : { errno: 'EIO', code: 'aborted' };
      expect(events(endpoint)).toMatchObject([{ kind: 'notification' }, { kind: 'failed', error }]);
    },
  );

  const cuts = {
    'a reply': () => reply(0),
    'another notification': () => [
      writeFrame(protocol, { type: 3, fragments: 0, seq: 0, msg_id: 2 }, new Uint8Array(4), 0, 4),
    ],
    'a continuation of another message': () => [
      writeFrame(protocol, { type: 0, fragments: 1, seq: 0, msg_id: 9 }, none, 0, 0),
    ],
  };
  it.each(names.flatMap((name) => Object.entries(cuts).map(([what, cut]) => [name, what, cut] as const)))(
    '%s: a notification that is cut by %s costs the first kernels a reference to the device',
    (name, what, cut) => {
      const endpoint = new Endpoint(name);
      endpoint.start(message, none);
      sendAll(endpoint);
      const [first] = fragment(protocol, { type: 3, seq: 0, msg_id: 1 }, new Uint8Array(300)) as [Uint8Array];
      interrupt(endpoint, [first, ...cut()]);
      const leaks = events(endpoint).flatMap((event) => (event.kind === 'hazard' ? [event.hazard] : []));
      const keeps = /^(v9|v11|a14|q61)$/.test(name);
      expect(leaks).toMatchObject(keeps ? [{ name: 'device_refs_leaked', effect: 'leak' }] : []);
      expect(endpoint.assembling).toBe(name === 'q515' && what.startsWith('a continuation'));
    },
  );

  it('reads what comes while a message is being taken after that message', () => {
    const endpoint = new Endpoint('a15');
    const { seq } = endpoint.start(message, none);
    sendAll(endpoint);
    const parts = reply(seq, new Uint8Array(700));
    const take = (): Uint8Array | undefined => {
      const part = parts.shift();
      // Its interrupt comes before it is in hand.
      if (part !== undefined) endpoint.receive(take);
      return part;
    };
    endpoint.receive(take);
    expect(events(endpoint)).toMatchObject([{ kind: 'returned', payload: new Uint8Array(696) }]);
  });

  it('ends every call when the real client is dead, and goes on', () => {
    const endpoint = new Endpoint('q515');
    const calls = [0, 1].map(() => endpoint.start(message, none));
    sendAll(endpoint);
    interrupt(endpoint, reply(77));
    expect(events(endpoint)).toMatchObject([
      { kind: 'hazard', hazard: { name: 'unexpected_reply' } },
      ...calls.map((call) => ({ kind: 'failed', call, error: { hazard: { name: 'unexpected_reply' } } })),
    ]);
    const next = endpoint.start(message, none);
    expect(sendAll(endpoint)).toEqual([next.seq]);
    interrupt(endpoint, reply(next.seq));
    expect(events(endpoint)).toMatchObject([{ kind: 'returned' }]);
  });
});

/** Queue messages as peers and broken peers may put them. */
const frames = fc.oneof(
  fc.uint8Array({ maxLength: 260 }),
  fc
    .record({
      type: fc.constantFrom(...Object.values(MessageType)),
      fragments: fc.integer({ min: 0, max: 3 }),
      seq: fc.integer({ min: 0, max: 3 }),
      msg_id: fc.constantFrom(message.id, 0x56100001),
      payload: fc.uint8Array({ maxLength: 12 }),
    })
    .map(({ payload, ...header }) => writeFrame(protocol, header, payload, 0, payload.length)),
);

function playAll(name: GenerationName, interrupts: readonly (readonly Uint8Array[])[]) {
  const endpoint = new Endpoint(name);
  const calls: OutgoingCall[] = [0, 1, 2].map(() => endpoint.start(message, none));
  sendAll(endpoint);
  const queue: Uint8Array[] = [];
  const found: EndpointEvent[] = [];
  for (const group of interrupts) {
    queue.push(...group);
    endpoint.receive(() => queue.shift());
    found.push(...events(endpoint));
    sendAll(endpoint);
  }
  return { endpoint, calls, found, queue };
}

describe('whatever comes in', () => {
  it.each(names)('%s makes events of it, and each call ends at most once', (name) => {
    holds(
      fc.property(fc.array(fc.array(frames, { maxLength: 4 }), { maxLength: 12 }), (interrupts) => {
        const { endpoint, calls, found } = playAll(name, interrupts);
        endpoint.close();
        found.push(...events(endpoint));
        const ended = found.flatMap((event) => ('call' in event ? [event.call] : []));
        expect(new Set(ended)).toEqual(new Set(calls));
        expect(ended).toHaveLength(calls.length);
      }),
      60,
      1,
    );
  });

  it.each(names)(
    '%s does the same for messages one by one as in one interrupt, if none ends a call or stops it',
    (name) => {
      holds(
        fc.property(fc.array(frames, { maxLength: 12 }), (all) => {
          const single = playAll(
            name,
            all.map((frame) => [frame]),
          );
          // A call returns at the end of an interrupt, and what comes for it before then still counts.
          fc.pre(single.found.every(({ kind }) => kind === 'notification' || kind === 'dropped'));
          const together = playAll(name, [all]);
          while (together.queue.length > 0) {
            together.endpoint.receive(() => together.queue.shift());
            together.found.push(...events(together.endpoint));
          }
          expect(together.found).toEqual(single.found);
          expect(together.endpoint.assembling).toBe(single.endpoint.assembling);
        }),
        60,
        2,
      );
    },
  );
});
