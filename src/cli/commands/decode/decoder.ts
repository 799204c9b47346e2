import { frameFields, RecordFilter } from '../../../capture/filter/index.js';
import { isProblem } from '../../../capture/print/index.js';
import { Assembler, type Frame, type RecordType } from '../../../capture/records/index.js';
import type { Output } from '../../../node/output.js';
import { rulesOf } from '../../../rpc/index.js';
import type { CommandIo } from '../../io.js';
import { StopReading } from '../../merge.js';
import type { DecodeOptions } from './options.js';
import type { Plan } from './plan.js';
import { type Sink, sinkOf } from './sink.js';

/** Prints or counts the messages of a capture, or of a part of one, as the options say. */
export class Decoder {
  readonly assembler: Assembler;
  readonly sink: Sink;
  /** Something was wrong with a message. */
  isProblem = false;
  #records = 0;

  /** @param isPart see {@link sinkOf}. */
  constructor(io: CommandIo, output: Output, options: DecodeOptions, plan: Plan, isPart = false) {
    const { filter, terms } = plan;
    const { protocol } = io;
    const sink = sinkOf(io, output, options, plan, isPart);
    const records = filter && new RecordFilter(protocol, terms);
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    const counted = (matches: boolean) => {
      if (matches && --left <= 0) throw new StopReading();
    };
    this.sink = sink;
    this.assembler = new Assembler({
      protocol,
      rules: rulesOf(options.rules),
      keepBytes: options.hex === true,
      // Each record is printed or counted at once.
      reuses: true,
      record: (record) => {
        this.#records++;
        const matches = !options.frames && (records === undefined || records.matches(record));
        sink.record(record, matches);
        // Last, because a record that was printed knows already whether its payload is sound.
        if (!this.isProblem && isProblem(record)) this.isProblem = true;
        counted(matches);
      },
      ...(options.frames && {
        frame: (frame: Frame) => {
          const matches = filter === undefined || filter(frameFields(protocol, frame));
          if (matches) sink.frame(frame);
          counted(matches);
        },
      }),
      // Until a message has a problem the exit code depends on those that the filter drops.
      ...(sink.ignoresDropped &&
        records && {
          wants: (type: RecordType, id: number | undefined) => records.mayMatch(type, id),
          wantsProblems: () => !this.isProblem,
        }),
      ...(sink.plain !== undefined &&
        records === undefined &&
        options.limit === undefined && { plain: sink.plain }),
      ...(sink.unanswered && { unanswered: sink.unanswered }),
    });
  }

  /** Share of the messages so far that became records, 0..1; 1 if there were none. The others were only followed or counted. */
  get recordShare(): number {
    const { messages } = this.assembler;
    return messages === 0 ? 1 : this.#records / messages;
  }
}
