import { protocol } from '../../../../schemas/index.js';
import { WireError } from '../../../base/error.js';
import { openReader } from '../../../capture/input/index.js';
import type { UsualSink } from '../../../capture/packets/index.js';
import { noStdio } from '../../../node/stdio.js';
import type { Work } from '../../../node/threads.js';
import { CommandIo } from '../../io.js';
import { PartDecoder, type PieceResult } from './part-decoder.js';
import type { DecodeSetup, Piece } from './pieces.js';
import { planOf } from './plan.js';

/** Decodes pieces of a capture. @param setup a {@link DecodeSetup} */
export function work(setup: unknown): Work {
  const { files, options, columns, env } = setup as DecodeSetup;
  const io = new CommandIo(protocol, { ...noStdio, columns, env });
  const lent: SharedArrayBuffer[] = [];
  const decoder = new PartDecoder(io, options, planOf(protocol, files, options), lent);
  const { assembler } = decoder;
  const usual: UsualSink | undefined = assembler.takesUsual
    ? (view, start, end, from, to, frame, time) => assembler.usual(view, start, end, from, to, frame, time)
    : undefined;
  return (task) => {
    const { input, assembler: state, bytes, isLast, spare } = task as Piece;
    lent.push(...spare);
    assembler.load(state);
    // The thread that cuts the file sees the same warnings and errors, and reports them.
    const reader = openReader(
      protocol,
      input.format,
      (packet) => assembler.packet(packet),
      () => {},
      { usual },
      input.reader,
    );
    try {
      reader.push(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
    if (isLast) assembler.end();
    return { ...decoder.take(), memory: bytes.buffer, unused: lent.splice(0) } satisfies PieceResult;
  };
}
