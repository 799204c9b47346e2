/** What the column holds for a packet without a time. */
const none = -(2n ** 63n);
const last = 2n ** 63n - 1n;

/** Packs times in nanoseconds into a 64-bit column. The few that do not fit in 64 bits are kept separately. */
export class PacketTimes {
  readonly #beyond = new Map<number, bigint>();

  store(packet: number, time: bigint | undefined): bigint {
    if (time === undefined) return none;
    if (time > none && time <= last) return time;
    this.#beyond.set(packet, time);
    return last;
  }

  load(packet: number, stored: bigint): bigint | undefined {
    if (stored === none) return undefined;
    return stored === last ? (this.#beyond.get(packet) ?? stored) : stored;
  }
}
