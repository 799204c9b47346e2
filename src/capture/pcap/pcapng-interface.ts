import { type Clock, clocks, joinHalves, type PacketTime } from '../packets/index.js';
import {
  CLOCK_DESCRIPTION,
  NO_TIME_DESCRIPTION,
  OPTION_INTERFACE_DESCRIPTION,
  OPTION_TIME_OFFSET,
  OPTION_TIME_RESOLUTION,
} from './pcapng-blocks.js';
import { type OptionCursor, optionText } from './pcapng-options.js';

const NS_PER_SECOND = 1_000_000_000n;
/** pcapng: microseconds unless if_tsresol says otherwise. */
const DEFAULT_RESOLUTION = 6;
const POWER_OF_TWO = 0x80;

/** An interface as plain data. */
export interface InterfaceState {
  readonly linkType: number;
  readonly snaplen: number;
  readonly offset: number;
  readonly warned: boolean;
  readonly clock: Clock | undefined;
  readonly isTimeless: boolean;
  readonly multiplier: bigint;
  readonly divisor: bigint;
  readonly shiftNs: bigint;
}

/** One interface of a section: link type and time scale of its packets. */
export class CaptureInterface {
  /** The reader has warned that packets of this link type are skipped. */
  warned = false;
  /** Largest captured length in bytes; 0 = no limit. */
  readonly snaplen: number;
  readonly linkType: number;
  /** Offset of the block in the file. */
  readonly offset: number;
  /** The clock of its packets' times; undefined: UTC. */
  clock: Clock | undefined;
  #timeless = false;
  #multiplier = 1n;
  #divisor = 1n;
  #shiftNs = 0n;
  /** Ticks are nanoseconds since 1970 already. */
  #plain = false;

  constructor(linkType: number, snaplen: number, offset: number) {
    this.linkType = linkType;
    this.snaplen = snaplen;
    this.offset = offset;
    this.#setResolution(DEFAULT_RESOLUTION);
  }

  static from(state: InterfaceState): CaptureInterface {
    const { linkType, snaplen, offset, warned, clock, isTimeless, multiplier, divisor, shiftNs } = state;
    const made = new CaptureInterface(linkType, snaplen, offset);
    made.warned = warned;
    made.clock = clock;
    made.#timeless = isTimeless;
    made.#multiplier = multiplier;
    made.#divisor = divisor;
    made.#shiftNs = shiftNs;
    made.#setPlain();
    return made;
  }

  get state(): InterfaceState {
    return {
      linkType: this.linkType,
      snaplen: this.snaplen,
      offset: this.offset,
      warned: this.warned,
      clock: this.clock,
      isTimeless: this.#timeless,
      multiplier: this.#multiplier,
      divisor: this.#divisor,
      shiftNs: this.#shiftNs,
    };
  }

  /** Takes what concerns time from the block's options. Returns false if one of these has a wrong size. */
  applyOptions(data: Uint8Array, view: DataView, little: boolean, options: OptionCursor): boolean {
    let sizesFit = true;
    while (options.next()) {
      const size = options.end - options.start;
      if (options.code === OPTION_TIME_RESOLUTION) {
        if (size === 1) this.#setResolution(view.getUint8(options.start));
        else sizesFit = false;
      } else if (options.code === OPTION_TIME_OFFSET) {
        if (size === 8) this.#shiftNs = view.getBigInt64(options.start, little) * NS_PER_SECOND;
        else sizesFit = false;
      } else if (options.code === OPTION_INTERFACE_DESCRIPTION) {
        const description = optionText(data, options.start, options.end);
        this.#timeless = description === NO_TIME_DESCRIPTION;
        this.clock = clocks.find((clock) => description === `${CLOCK_DESCRIPTION}${clock}`);
      }
    }
    this.#setPlain();
    return sizesFit;
  }

  /**
   * Sets the time to nanoseconds since 1970 of a timestamp given as its two u32 halves, rounded down; to undefined for
   * packets that our writer marked as having none.
   */
  setTime(time: PacketTime, high: number, low: number): void {
    if (this.#timeless) time.ns = undefined;
    else if (this.#plain) time.split(high, low);
    else time.ns = (joinHalves(high, low) * this.#multiplier) / this.#divisor + this.#shiftNs;
  }

  #setPlain(): void {
    this.#plain = this.#multiplier === 1n && this.#divisor === 1n && this.#shiftNs === 0n;
  }

  /** if_tsresol: 10^-n seconds, or with the top bit set 2^-n. */
  #setResolution(value: number): void {
    const ticksPerSecond = (value & POWER_OF_TWO) === 0 ? 10n ** BigInt(value) : 2n ** BigInt(value & 0x7f);
    const whole = NS_PER_SECOND % ticksPerSecond === 0n;
    this.#multiplier = whole ? NS_PER_SECOND / ticksPerSecond : NS_PER_SECOND;
    this.#divisor = whole ? 1n : ticksPerSecond;
  }
}
