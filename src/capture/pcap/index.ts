/** Reads pcap and pcapng files, and writes pcapng. */
export { stripPrintedLink } from './link.js';
export { PCAP_MAGICS, pcapReader } from './pcap-reader.js';
export { BLOCK_SECTION } from './pcapng-blocks.js';
export { pcapngReader } from './pcapng-reader.js';
export { PcapngWriter } from './pcapng-writer.js';
