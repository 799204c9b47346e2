import { refuser } from '../refusal.js';

/**
 * The mainline patch series and Android kernels whose VM managers are modelled here, by the labels of client.md and
 * vcpu-and-paging.md. v10 is the version of the series after v9.
 */
export type VmGenerationName = 'v9' | 'v10' | 'v11' | 'a14' | 'v17' | 'a15' | 'a16';

interface Ioctl {
  /** `G`: of the mainline series; `A`: added by Android. */
  readonly type: 'G' | 'A';
  readonly number: number;
  /** The file on which it is called. */
  readonly of: 'device' | 'vm' | 'vcpu';
  readonly generations: readonly VmGenerationName[];
}

const all = ['v9', 'v10', 'v11', 'a14', 'v17', 'a15', 'a16'] as const;

/** The ioctls of the device, of VMs and of vCPUs (client.md, section 5). */
export const ioctls = {
  CREATE_VM: { type: 'G', number: 0, of: 'device', generations: all },
  SET_USER_MEM_REGION: {
    type: 'G',
    number: 1,
    of: 'vm',
    generations: ['v9', 'v10', 'v11', 'a14', 'a15', 'a16'],
  },
  SET_DTB_CONFIG: { type: 'G', number: 2, of: 'vm', generations: all },
  START: { type: 'G', number: 3, of: 'vm', generations: all },
  ADD_FUNCTION: { type: 'G', number: 4, of: 'vm', generations: all },
  VCPU_RUN: { type: 'G', number: 5, of: 'vcpu', generations: all },
  REMOVE_FUNCTION: { type: 'G', number: 7, of: 'vm', generations: all },
  CREATE_GUEST_MEM: { type: 'G', number: 8, of: 'device', generations: ['v17'] },
  MAP_MEM: { type: 'G', number: 9, of: 'vm', generations: ['v17'] },
  SET_BOOT_CONTEXT: { type: 'G', number: 0xa, of: 'vm', generations: ['v17', 'a15', 'a16'] },
  LEND_USER_MEM: { type: 'A', number: 0x11, of: 'vm', generations: ['a14', 'a15', 'a16'] },
  SET_FW_CONFIG: { type: 'A', number: 0x12, of: 'vm', generations: ['a14', 'a15', 'a16'] },
} as const satisfies Readonly<Record<string, Ioctl>>;

export type IoctlName = keyof typeof ioctls;

export function hasIoctl(generation: VmGenerationName, name: IoctlName): boolean {
  return (ioctls[name].generations as readonly VmGenerationName[]).includes(generation);
}

/** @throws HostError (ENOTTY) when the generation has no such ioctl. */
export function checkHasIoctl(generation: VmGenerationName, name: IoctlName, path: string): void {
  if (!hasIoctl(generation, name)) throw refuser(name, path)('ENOTTY', 'unknown', 'an ioctl', generation);
}

/** The ioctl with a number, if the generation has it on that file; undefined means ENOTTY. */
export function findIoctl(
  generation: VmGenerationName,
  of: Ioctl['of'],
  type: string,
  number: number,
): IoctlName | undefined {
  const found = Object.entries(ioctls).find(
    ([, ioctl]) => ioctl.of === of && ioctl.type === type && ioctl.number === number,
  );
  const name = found?.[0] as IoctlName | undefined;
  return name !== undefined && hasIoctl(generation, name) ? name : undefined;
}
