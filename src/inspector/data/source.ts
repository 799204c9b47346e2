import type { CaptureSource } from './api.js';

/** Bytes of a piece. */
const pieceSize = 256 * 1024;

/**
 * The bytes of a capture in pieces, still compressed if they are. `size` is exact for files, an estimate for embedded
 * ones, and undefined for those that grow.
 */
export interface StoredBytes {
  readonly size: number | undefined;
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
}

/** @throws TypeError if the server cannot be reached. */
export async function storedBytes(source: CaptureSource): Promise<StoredBytes> {
  if ('url' in source) {
    const { body } = await fetch(source.url);
    return { size: undefined, stream: body ?? new ReadableStream() };
  }
  if ('blob' in source) return { size: source.blob.size, stream: source.blob.stream() };
  return { size: (source.base64.length / 4) * 3, stream: base64Stream(source.base64) };
}

/** The bytes of a capture, decompressed if their first two bytes are those of gzip. */
export async function* unpacked(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  const { value: first, done } = await reader.read();
  if (done) return;
  const rest = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (controller) => controller.enqueue(first),
    async pull(controller) {
      const { value } = await reader.read();
      if (value === undefined) controller.close();
      else controller.enqueue(value);
    },
  });
  const packed = first[0] === 0x1f && first[1] === 0x8b;
  const bytes = packed ? rest.pipeThrough(new DecompressionStream('gzip')) : rest;
  for (const out = bytes.getReader(); ; ) {
    const { value } = await out.read();
    if (value === undefined) return;
    yield value;
  }
}

function base64Stream(text: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  // A multiple of four characters is a whole number of bytes.
  const step = (pieceSize / 3) * 4 - (((pieceSize / 3) * 4) % 4);
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= text.length) {
        controller.close();
        return;
      }
      const binary = atob(text.slice(at, at + step));
      at += step;
      controller.enqueue(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
    },
  });
}
