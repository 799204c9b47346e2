/** Mainline series and Android kernels that have a VM manager of the same family. */
export type VmGenerationName = 'v9' | 'v11' | 'a14' | 'v17' | 'a15';

interface Ioctl {
  /** `G`: the series'; `A`: Android's own. */
  readonly type: 'G' | 'A';
  readonly number: number;
  /** Of which file descriptor. */
  readonly of: 'device' | 'vm';
  readonly generations: readonly VmGenerationName[];
}

const all = ['v9', 'v11', 'a14', 'v17', 'a15'] as const;

/** What the VM manager is asked by (client.md, section 5). Those of vCPUs run them, which is not done here. */
export const ioctls = {
  CREATE_VM: { type: 'G', number: 0, of: 'device', generations: all },
  SET_USER_MEM_REGION: { type: 'G', number: 1, of: 'vm', generations: ['v9', 'v11', 'a14', 'a15'] },
  SET_DTB_CONFIG: { type: 'G', number: 2, of: 'vm', generations: all },
  START: { type: 'G', number: 3, of: 'vm', generations: all },
  ADD_FUNCTION: { type: 'G', number: 4, of: 'vm', generations: all },
  REMOVE_FUNCTION: { type: 'G', number: 7, of: 'vm', generations: all },
  CREATE_GUEST_MEM: { type: 'G', number: 8, of: 'device', generations: ['v17'] },
  MAP_MEM: { type: 'G', number: 9, of: 'vm', generations: ['v17'] },
  SET_BOOT_CONTEXT: { type: 'G', number: 0xa, of: 'vm', generations: ['v17', 'a15'] },
  LEND_USER_MEM: { type: 'A', number: 0x11, of: 'vm', generations: ['a14', 'a15'] },
  SET_FW_CONFIG: { type: 'A', number: 0x12, of: 'vm', generations: ['a14', 'a15'] },
} as const satisfies Readonly<Record<string, Ioctl>>;

export type IoctlName = keyof typeof ioctls;

/** Whether a generation has an ioctl; what it has not is ENOTTY. */
export function hasIoctl(generation: VmGenerationName, name: IoctlName): boolean {
  return (ioctls[name].generations as readonly VmGenerationName[]).includes(generation);
}

/** The ioctl of a number, if the generation has it on that file; undefined: ENOTTY. */
export function findIoctl(
  generation: VmGenerationName,
  of: 'device' | 'vm',
  type: string,
  number: number,
): IoctlName | undefined {
  const found = Object.entries(ioctls).find(
    ([, ioctl]) => ioctl.of === of && ioctl.type === type && ioctl.number === number,
  );
  const name = found?.[0] as IoctlName | undefined;
  return name !== undefined && hasIoctl(generation, name) ? name : undefined;
}
