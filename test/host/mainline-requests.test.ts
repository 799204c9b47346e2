import { describe, expect, it } from 'vitest';
import {
  MEM_LEND,
  MEM_SHARE,
  VM_ALLOC_VMID,
  VM_GET_HYP_RESOURCES,
  VM_GET_VMID,
} from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { mainlineTable } from './mainline-calls.js';
import { playRequests, type Stub } from './play.js';
import { groupCalls, type RequestLine, requestLines } from './vectors.js';

/** The recording's stub of RM: VMID 128, handles from 0x42, host 3, no resources. */
const stub: Stub = ({ id, payload }) => {
  if (id === VM_ALLOC_VMID.id) return payload[0] === 0 && payload[1] === 0 ? '80000000' : '';
  if (id === MEM_LEND.id || id === MEM_SHARE.id) return '42000000';
  if (id === VM_GET_VMID.id) return '03000000';
  return id === VM_GET_HYP_RESOURCES.id ? '00000000' : '';
};

/** Calls that cannot be made here, with the reason. */
function exception({ args }: RequestLine): string | undefined {
  return 'nullreq' in args ? 'a payload carries its own length: there is no size without bytes' : undefined;
}

const mainline = requestLines.filter(({ client }) => /^(a14|v17|a15|q515)$/.test(client));
const calls = groupCalls(mainline);
const possible = calls.filter(([line]) => exception(line as RequestLine) === undefined);

const title = ([{ client, call, args }]: readonly RequestLine[] & { 0: RequestLine }) =>
  `${client} ${call} ${JSON.stringify(args, (_key, value) => (typeof value === 'bigint' ? `${value}` : value))}`;

describe('recorded requests of the mainline clients and q515', () => {
  it.each(possible.map((lines) => [title(lines as never), lines] as const))('%s', (_title, lines) => {
    const [{ ret, errno }] = lines as [RequestLine];
    const { driver, hazards } = playRequests(lines, mainlineTable, stub);
    const frames = driver.transmitted.map(({ frame }) => formatHex(frame));
    expect(frames).toEqual(lines.flatMap((line) => line.frames));
    const push = driver.transmitted.map((transmit) => Number(transmit.push));
    expect(push).toEqual(lines.flatMap((line) => line.push ?? []));
    const { settled } = driver;
    if (settled === undefined) expect(ret).toBeNull();
    else if ('error' in settled) expect(settled.error.errno).toBe(errno);
    else expect(settled.value.ret).toBe(ret);
    expect(hazards).toEqual([]);
  });

  it('are all there but for those listed', () => {
    expect(mainline).toHaveLength(318);
    expect(possible).toHaveLength(calls.length - 2);
  });
});
