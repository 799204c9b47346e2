import type { SglEntry } from '../../schemas/index.js';
import { type Calling, HostError } from '../../src/host/index.js';
import type { QcomName } from './qcom-calls.js';

export const names: readonly QcomName[] = ['q61', 'q66', 'q612'];
export const u32 = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
export const rmError = (errno: 'EOPNOTSUPP' | 'EBUSY' | 'EINVAL') => {
  const issue = { code: 'rm_error', path: 'error', offset: 0, expected: 'OK', actual: errno };
  return new HostError('ANY', errno, 'rm', issue);
};

/** What RM answers to a call, by its name and its place in the row. */
export type Manager = (call: string, index: number) => Uint8Array | HostError;

/** Runs a call function to its end; the calls that it made, and what it returned or ended with. */
export function run<T>(calling: Calling<T>, manager: Manager) {
  const sent: { call: string; payload: Uint8Array }[] = [];
  const names = () => sent.map(({ call }) => call);
  try {
    let step = calling.next();
    while (step.done !== true) {
      const { message, payload } = step.value;
      sent.push({ call: message.name, payload });
      const answer = manager(message.name, sent.length - 1);
      step = answer instanceof HostError ? calling.throw(answer) : calling.next(answer);
    }
    return { sent, calls: names(), result: step.value };
  } catch (error) {
    return { sent, calls: names(), error };
  }
}

export const empty = new Uint8Array(0);
export const ok: Manager = () => empty;
export const entry = (page: number): SglEntry => ({ ipa: BigInt(page) << 12n, size: 0x1000n });
export const part = (more: boolean, ...pages: number[]) =>
  u32(pages.length | (more ? 0x10000 : 0), ...pages.flatMap((page) => [page << 12, 0, 0x1000, 0]));

export const acl_entries = [{ vmid: 45, rights: 7 }];
export const parcel = { acl_entries, sgl_entries: [entry(1)] };
export const accept = { mem_handle: 0x42, trans_type: 2, flags: 2, acl_entries };
