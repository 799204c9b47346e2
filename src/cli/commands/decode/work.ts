import { protocol } from '../../../../schemas/index.js';
import { WireError } from '../../../base/error.js';
import { openReader } from '../../../capture/input/index.js';
import { Output } from '../../../node/output.js';
import type { Stdio } from '../../../node/stdio.js';
import type { Work } from '../../../node/threads.js';
import { exitCodes } from '../../exit-codes.js';
import { CommandIo } from '../../io.js';
import { Decoder } from './decoder.js';
import type { DecodeSetup, Piece, PieceResult } from './pieces.js';
import { planOf } from './plan.js';

/** Decodes pieces of a capture. @param setup a {@link DecodeSetup} */
export function work(setup: unknown): Work {
  const { files, options, columns, env } = setup as DecodeSetup;
  let printed: Uint8Array<ArrayBuffer>[] = [];
  const stdio: Stdio = {
    read: () => 0,
    write: (bytes) => printed.push(new Uint8Array(bytes)) > 0,
    writeError: () => {},
    columns,
    errorIsTerminal: false,
    env,
    onStop: () => {},
  };
  const io = new CommandIo(protocol, stdio);
  const output = Output.toStandard(stdio);
  const { assembler, sink } = new Decoder(io, output, options, planOf(protocol, files, options), true);
  const decode = ({ input, assembler: state, bytes, isLast }: Piece): PieceResult => {
    printed = [];
    io.exitCode = exitCodes.ok;
    assembler.load(state);
    // The thread that cuts the file sees the same warnings and errors, and reports them.
    const reader = openReader(
      protocol,
      input.format,
      (packet) => assembler.packet(packet),
      () => {},
      {},
      input.reader,
    );
    try {
      reader.push(bytes);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
    if (isLast) assembler.end();
    output.flush();
    return { output: printed, isProblem: io.exitCode !== exitCodes.ok, part: sink.part?.() };
  };
  return (piece) => {
    const result = decode(piece as Piece);
    return { result, transfer: printed.map(({ buffer }) => buffer) };
  };
}
