/** What the column holds for a packet without a time. */
const none = -(2n ** 63n);
const last = 2n ** 63n - 1n;

/** Times in nanoseconds as a 64-bit column holds them; the few that fit no 64 bits (a capture may say anything) apart. */
export class PacketTimes {
  readonly #beyond = new Map<number, bigint>();

  /** What to put into the column for a packet. */
  store(packet: number, time: bigint | undefined): bigint {
    if (time === undefined) return none;
    if (time > none && time <= last) return time;
    this.#beyond.set(packet, time);
    return last;
  }

  /** The time of a packet whose column holds `stored`. */
  load(packet: number, stored: bigint): bigint | undefined {
    if (stored === none) return undefined;
    return stored === last ? (this.#beyond.get(packet) ?? stored) : stored;
  }
}
