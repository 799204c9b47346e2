import { rulesOf } from '../../../rpc/index.js';
import type { CommandIo } from '../../io.js';
import { convert } from './convert.js';
import { Decoder } from './decoder.js';
import type { DecodeOptions } from './options.js';
import { Pieces } from './pieces.js';
import { planOf } from './plan.js';

/** Reads captures and prints what the options say. */
export async function decode(io: CommandIo, files: readonly string[], options: DecodeOptions): Promise<void> {
  const plan = planOf(io.protocol, files, options);
  const { form, filter } = plan;
  if (form === 'pcapng' || form === 'hex') {
    await convert(io, files, { ...options, to: form }, rulesOf(options.rules), filter);
    return;
  }
  if (form === 'parquet') {
    const { writeTables } = await import('./tables.js');
    await writeTables(io, files, options, rulesOf(options.rules), filter);
    return;
  }
  const output = io.output(options.output, form === 'json' ? 'json' : 'text');
  if (options.follow) output.publish();
  const decoder = new Decoder(io, output, options, plan);
  const { sink } = decoder;
  const pieces = new Pieces(io, output, files, options, plan, decoder);
  try {
    const isWhole = await io.readCaptures(
      options.limit === 0 ? [] : files,
      options.format,
      (packet) => pieces.assembler.packet(packet),
      () => output.flush(),
      {
        allQueues: options.allQueues === true,
        follow: options.follow === true,
        before: pieces.before,
        usual: pieces.usual,
      },
    );
    // What is incomplete where reading stopped may be complete in the capture.
    await pieces.finish(isWhole);
    sink.end?.();
    if (decoder.isProblem) io.problem();
  } finally {
    sink.stop?.();
    pieces.end();
  }
  io.end(output);
}
