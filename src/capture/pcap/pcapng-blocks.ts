/** Numbers of the pcapng format (IETF draft-ietf-opsawg-pcapng), shared by its reader and its writer. */

export const BLOCK_INTERFACE = 1;
/** The obsolete Packet Block: as the enhanced one, but with a 16-bit interface number and a drop count. */
export const BLOCK_PACKET = 2;
export const BLOCK_SIMPLE_PACKET = 3;
export const BLOCK_ENHANCED_PACKET = 6;
export const BLOCK_STATISTICS = 5;
/** Reads the same in both byte orders. */
export const BLOCK_SECTION = 0x0a0d0d0a;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
export const BYTE_ORDER_MAGIC_SWAPPED = 0x4d3c2b1a;

export const OPTION_END = 0;
export const OPTION_COMMENT = 1;
export const OPTION_INTERFACE_NAME = 2;
export const OPTION_INTERFACE_DESCRIPTION = 3;
export const OPTION_TIME_RESOLUTION = 9;
export const OPTION_TIME_OFFSET = 14;
/** Of a packet: number of packets that were lost between the one before and this one, u64. */
export const OPTION_DROP_COUNT = 4;
/** Of statistics: packets received and dropped, u64. */
export const OPTION_RECEIVED = 4;
export const OPTION_DROPPED = 5;

/**
 * The if_description of an interface whose packets have no time. pcapng has no packet block that carries options
 * but no timestamp, so our writer puts commented packets without time on an interface of this description, and
 * our reader gives them no time back.
 */
export const NO_TIME_DESCRIPTION = 'gunyah-rm: packets without time';
/** if_description of an interface whose times are of another clock than UTC, in front of the clock's name. */
export const CLOCK_DESCRIPTION = 'gunyah-rm: clock ';

/** Largest block or record that is accepted, in bytes. A larger length is taken for an error in the file. */
export const BLOCK_SIZE_MAX = 256 * 1024 * 1024;

/** Type and length before the body of a block. */
export const BLOCK_HEAD_SIZE = 8;
/** The length again, after the body. */
export const BLOCK_TAIL_SIZE = 4;
/** Bytes of a packet block before the packet's data. */
export const ENHANCED_PACKET_DATA = 28;
export const SIMPLE_PACKET_DATA = 12;
/** Bytes of a packet block without data and options. */
export const ENHANCED_PACKET_MIN = ENHANCED_PACKET_DATA + BLOCK_TAIL_SIZE;

interface BlockKind {
  /** For error paths. */
  readonly name: string;
  /** Bytes with all fixed fields and nothing else. */
  readonly sizeMin: number;
}

const UNKNOWN_BLOCK: BlockKind = { name: 'block', sizeMin: BLOCK_HEAD_SIZE + BLOCK_TAIL_SIZE };
const SECTION: BlockKind = { name: 'section_header', sizeMin: 28 };
const INTERFACE: BlockKind = { name: 'interface_description', sizeMin: 20 };
const PACKET: BlockKind = { name: 'packet', sizeMin: ENHANCED_PACKET_MIN };
const SIMPLE_PACKET: BlockKind = { name: 'simple_packet', sizeMin: SIMPLE_PACKET_DATA + BLOCK_TAIL_SIZE };
const ENHANCED_PACKET: BlockKind = {
  name: 'enhanced_packet',
  sizeMin: ENHANCED_PACKET_MIN,
};

export function blockKind(type: number): BlockKind {
  switch (type) {
    case BLOCK_ENHANCED_PACKET:
      return ENHANCED_PACKET;
    case BLOCK_SIMPLE_PACKET:
      return SIMPLE_PACKET;
    case BLOCK_PACKET:
      return PACKET;
    case BLOCK_INTERFACE:
      return INTERFACE;
    case BLOCK_SECTION:
      return SECTION;
    default:
      return UNKNOWN_BLOCK;
  }
}
