const joiner = new DataView(new ArrayBuffer(8));

/** Joins the halves of a u64. This makes one bigint; shifting and adding would make four. */
export function joinHalves(high: number, low: number): bigint {
  joiner.setUint32(0, high);
  joiner.setUint32(4, low);
  return joiner.getBigUint64(0);
}

/**
 * A time in nanoseconds since 1970 UTC that is made into a bigint only for who asks for one. Most times are only printed
 * and subtracted, for which their halves do, and every bigint is an object.
 */
export class PacketTime {
  /** Whether `high` and `low` are the time, as a u64. */
  isSplit = false;
  high = 0;
  low = 0;
  #ns: bigint | undefined;

  get ns(): bigint | undefined {
    if (this.isSplit) this.#ns ??= joinHalves(this.high, this.low);
    return this.#ns;
  }

  set ns(value: bigint | undefined) {
    this.isSplit = false;
    this.#ns = value;
  }

  split(high: number, low: number): void {
    this.isSplit = true;
    this.high = high;
    this.low = low;
    this.#ns = undefined;
  }

  copy(other: PacketTime): void {
    if (other.isSplit) this.split(other.high, other.low);
    else this.ns = other.ns;
  }

  /** Nanoseconds from `earlier` to this time, as a number; undefined where one of them is unknown. */
  since(earlier: PacketTime): number | undefined {
    if (this.isSplit && earlier.isSplit) {
      const ns = (this.high - earlier.high) * 0x1_0000_0000 + (this.low - earlier.low);
      if (Number.isSafeInteger(ns)) return ns;
    }
    const [later, before] = [this.ns, earlier.ns];
    return later === undefined || before === undefined ? undefined : Number(later - before);
  }
}

/** The time of a packet, which may have only a bigint. */
export function clockTimeOf(packet: {
  readonly time: bigint | undefined;
  readonly clockTime?: PacketTime | undefined;
}): PacketTime {
  if (packet.clockTime !== undefined) return packet.clockTime;
  const made = new PacketTime();
  made.ns = packet.time;
  return made;
}
