import { copyPacket, PcapngWriter } from '../../capture/pcap/index.js';
import type { MessageIndex } from './message-index.js';

/** Packets that are written before waiting questions are answered. */
const step = 20_000;

/**
 * A pcapng file with the packets of the messages that pass `isWanted`, in the order of the file and with their comments.
 * Messages of other queues than RM's are left out, since a capture does not say the queue.
 */
export async function pcapngOf(
  index: MessageIndex,
  isWanted: (message: number) => boolean,
  pause: () => Promise<void>,
): Promise<Blob> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  const writer = new PcapngWriter((bytes) => pieces.push(bytes.slice()));
  const messages = index.messagesOfPackets();
  for (let packet = 0; packet < messages.length; packet++) {
    if (packet % step === step - 1) await pause();
    const message = messages[packet] as number;
    const stored = index.packetAt(packet);
    if (stored.queue !== undefined || !isWanted(message)) continue;
    const { from, to } = index.messages.columns;
    copyPacket(writer, from[message] as number, to[message] as number, stored);
  }
  writer.end();
  return new Blob(pieces, { type: 'application/octet-stream' });
}
