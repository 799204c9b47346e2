/** Reads pcap and pcapng files, and writes pcapng. */
export { stripPrintedLink } from './link.js';
export { PCAP_MAGICS, type PcapState, pcapReader } from './pcap-reader.js';
export { BLOCK_SECTION } from './pcapng-blocks.js';
export { type PcapngState, pcapngReader } from './pcapng-reader.js';
export { copyPacket, PcapngWriter } from './pcapng-writer.js';
