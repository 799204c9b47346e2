/** A VM whose image the platform authenticates, as its loader has put it into memory. */
export interface SecureVmImage {
  /** The platform's VMID for it, or 0. */
  readonly vmid: number;
  /** Guest address and size of the memory with the image, bytes. */
  readonly address: bigint;
  readonly size: bigint;
  /** The memory is donated, not lent. */
  readonly system_vm: boolean;
  /** Offset of the image's metadata in that memory, bytes. */
  readonly metadata_offset: bigint;
  readonly metadata_size: bigint;
  /** The platform's number of the image. */
  readonly pas_id: number;
  /** Allow debugging (q66, q612). */
  readonly debug?: boolean;
}
