/** The VM that floods. */
export const GUEST = 128;

/** VM_GET_VMID, which the manager answers at once. */
export const question = (seq: number) =>
  Buffer.from([0x21, 1, seq & 0xff, (seq >> 8) & 0xff, 0x24, 0, 0, 0x56]);
