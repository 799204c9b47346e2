import fc from 'fast-check';
import { expect, it } from 'vitest';
import { protocol, VM_ALLOC_VMID } from '../../schemas/index.js';
import { codecOf } from '../../src/codec/index.js';
import { type GenerationName, generations, HostError } from '../../src/host/index.js';
import { Readers } from '../../src/lint/readers.js';
import type { Call } from '../../src/schema/index.js';
import type { Values } from '../../src/wire/index.js';
import { valuesOf } from '../arbitrary.js';
import { budget } from '../part.js';
import { expectEqual } from '../same.js';
import { holds } from '../seeded.js';

const names = Object.keys(generations) as GenerationName[];
const all = new Readers(names);
const single = new Map(names.map((name) => [name, new Readers([name])]));
const read = protocol.messages.filter(({ id }) => all.mayHurt(id, undefined) || all.mayHurt(id, 0));

const call = fc.constantFrom(...read).chain((message) => {
  if (message.layout !== 'known' || message.kind !== 'call') throw new Error(`${message.name} is no call`);
  return fc.record({
    id: fc.constant(message.id),
    name: fc.constant(message.name),
    request: valuesOf(message.request, 'decoded'),
    outcome: fc.option(fc.uint8Array({ maxLength: 40 })),
  });
});

type DrawnCall = typeof call extends fc.Arbitrary<infer T> ? T : never;

function hazards(
  readers: Readers,
  client: GenerationName,
  { id, name, request, outcome }: DrawnCall,
  bytes?: Uint8Array,
): string[] {
  const found: string[] = [];
  const issue = { code: 'rm_error', path: 'error', offset: 0, expected: 'OK', actual: 'DENIED' };
  const error = new HostError(name, 'EPERM', 'rm', issue);
  const seen = { bytes, complete: true, incomplete: false, payload: request as Values };
  readers.ofReply([client], id, seen, outcome ?? error, (hazard) => found.push(hazard.name));
  return found;
}

it('clients that are read together do the same by themselves', () => {
  const property = fc.property(call, (drawn) => {
    for (const name of names)
      expectEqual(hazards(all, name, drawn), hazards(single.get(name) as Readers, name, drawn));
  });
  holds(property, budget(500));
});

it('an outcome that may hurt nobody does not', () => {
  const property = fc.property(call, (drawn) => {
    if (all.mayHurt(drawn.id, drawn.outcome?.length)) return;
    for (const name of names) expectEqual(hazards(all, name, drawn), []);
  });
  holds(property, budget(2000));
});

it('the same outcome of the same request does the same again', () => {
  const property = fc.property(fc.array(call, { maxLength: 8 }), (calls) => {
    const remembering = new Readers(names);
    for (const drawn of [...calls, ...calls]) {
      const message = protocol.byId.get(drawn.id) as Call;
      const bytes = codecOf(message.request).toBytes(drawn.request);
      for (const name of names)
        expectEqual(hazards(remembering, name, drawn, bytes), hazards(all, name, drawn));
    }
  });
  holds(property, budget(40));
});

it('a request of which parts are missing hurts nobody, whatever a whole one with its bytes does', () => {
  const bytes = new Uint8Array(4);
  const whole = { bytes, complete: true, incomplete: false, payload: { vmid: 0, reserved: 0 } };
  const cut = { bytes, complete: false, incomplete: true, payload: undefined };
  const foundIn = (requests: readonly (typeof whole | typeof cut)[]) => {
    const readers = new Readers(['a14']);
    return requests.map((request) => {
      let found = 0;
      readers.ofReply(['a14'], VM_ALLOC_VMID.id, request, new Uint8Array(0), () => found++);
      return found;
    });
  };
  expect(foundIn([whole, cut])).toEqual([1, 0]);
  expect(foundIn([cut, whole])).toEqual([0, 1]);
});
