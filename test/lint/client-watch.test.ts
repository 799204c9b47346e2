import { expect, it } from 'vitest';
import { protocol, VM_GET_STATE } from '../../schemas/index.js';
import type { RecordContents } from '../../src/capture/records/index.js';
import { ClientWatch, type Followed } from '../../src/lint/client-watch.js';
import { Readers } from '../../src/lint/readers.js';
import { writeFrame } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';

it('calls without a reply are told oldest first, also when only some clients wait for the oldest', () => {
  const names = ['a14', 'q515'] as const;
  const told: unknown[] = [];
  const watch = new ClientWatch<Followed, undefined>(names, new Readers(names), ({ clients, call }) =>
    told.push([call?.seq, clients]),
  );
  const id = VM_GET_STATE.id;
  for (const seq of [1, 2]) watch.sent({ id, seq, name: '', record: { no: seq } as RecordContents });
  const take = (type: number, msg_id: number) => {
    const payload = new Uint8Array(8);
    const bytes = writeFrame(protocol, { type, fragments: 2, seq: 1, msg_id }, payload, 0, payload.length);
    watch.interrupt([{ bytes, origin: undefined }]);
  };
  take(MessageType.reply, id);
  // It ends the call of a14. q515 takes it for a part of the reply, and waits for the last one.
  take(MessageType.continuation, id + 1);
  watch.end();
  expect(told).toEqual([
    [1, ['q515']],
    [2, ['a14', 'q515']],
  ]);
});
