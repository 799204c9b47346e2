import { constants } from '../../schemas/index.js';
import { WireError } from '../base/error.js';
import { Splitter } from '../capture/packets/index.js';

/** u16le length of what follows, u16le source VMID, u16le destination VMID (cli.md, "Live transports of serve"). */
const LENGTH_SIZE = 2;
const ADDRESSES_SIZE = 4;
const HEAD_SIZE = LENGTH_SIZE + ADDRESSES_SIZE;
/** The source VMID of the manager itself. */
const { VMID_RM } = constants;

/** Stands for nobody: no VM has this VMID. */
const VMID_NOBODY = 0xffff;

/** An empty message from nobody to nobody: the connection asks to watch. From then on it gets pcapng of all messages. */
export const watchRequest = writeRecord(VMID_NOBODY, VMID_NOBODY, new Uint8Array(0));

/** Whether a message is {@link watchRequest}. */
export function isWatchRequest(from: number, to: number, message: Uint8Array): boolean {
  return from === VMID_NOBODY && to === VMID_NOBODY && message.length === 0;
}

/** One queue message as a record of the stream transport. @param message at most 65531 bytes. */
export function writeRecord(from: number, to: number, message: Uint8Array): Uint8Array {
  const record = new Uint8Array(HEAD_SIZE + message.byteLength);
  const view = new DataView(record.buffer);
  view.setUint16(0, ADDRESSES_SIZE + message.byteLength, true);
  view.setUint16(2, from, true);
  view.setUint16(4, to, true);
  record.set(message, HEAD_SIZE);
  return record;
}

/** Splits a byte stream of records into queue messages. Holds at most one incomplete record. */
export class RecordSplitter {
  readonly #splitter: Splitter;

  /**
   * @param take gets each queue message (0..65531 bytes), an array of its own.
   * @param speaker who sends the stream. VMs must not use the manager's VMID as source.
   */
  constructor(
    take: (from: number, to: number, message: Uint8Array) => void,
    speaker: 'vms' | 'manager' = 'vms',
  ) {
    this.#splitter = new Splitter({
      sizeOf: (view, at, available, offset) => {
        if (available < LENGTH_SIZE) return LENGTH_SIZE;
        const size = view.getUint16(at, true);
        if (size < ADDRESSES_SIZE) refuse('length', offset, `at least ${ADDRESSES_SIZE}`, size);
        return LENGTH_SIZE + size;
      },
      take: (data, view, start, end, offset) => {
        const from = view.getUint16(start + 2, true);
        if (speaker === 'vms' && from === VMID_RM) refuse('from', offset, 'a VM', from);
        // Not `slice`, which does not copy when the chunk is a Buffer.
        take(from, view.getUint16(start + 4, true), new Uint8Array(data.subarray(start + HEAD_SIZE, end)));
      },
      nameOf: () => 'record',
    });
  }

  /** Takes the next bytes. @throws WireError `record` for an invalid record, after all records before it were taken. */
  push(chunk: Uint8Array): void {
    this.#splitter.push(chunk);
  }
}

function refuse(path: string, offset: number, expected: string, actual: number): never {
  throw new WireError({ code: 'record', path, offset, expected, actual });
}
