import { type Filter, recordFields } from '../../../capture/filter/index.js';
import type { InputFormat } from '../../../capture/input/index.js';
import { isProblem } from '../../../capture/print/index.js';
import { Assembler, type CaptureRecord } from '../../../capture/records/index.js';
import { dayOf, ParquetFolder } from '../../../node/parquet-folder.js';
import type { ReassemblyRules } from '../../../rpc/index.js';
import { callOf, lostCall, tablesOf, timeOfFrame, timeOfRecord } from '../../../tables/index.js';
import type { CommandIo } from '../../io.js';
import { endOrStop, StopReading } from '../../merge.js';

export interface TablesOptions {
  readonly output: string;
  readonly format?: InputFormat;
  /** Messages after which reading stops. */
  readonly limit?: number;
  readonly allQueues?: true;
}

/** `decode --to parquet`: writes captures as tables, each capture into partitions of its own. */
export async function writeTables(
  io: CommandIo,
  files: readonly string[],
  options: TablesOptions,
  rules: ReassemblyRules,
  filter: Filter | undefined,
): Promise<void> {
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let count = 0;
  let problems = 0;
  const { protocol } = io;
  const tables = tablesOf(protocol);
  const folder = new ParquetFolder(io.files, options.output);
  folder.makeTable(tables.messages);
  const [messages, packets, calls] = [
    folder.table(tables.messages),
    folder.table(tables.packets),
    folder.table(tables.calls),
  ];
  const payloads = new Map(Array.from(tables.payloads, ([name, table]) => [name, folder.table(table)]));
  const putRows = (record: CaptureRecord) => {
    const day = dayOf(timeOfRecord(record));
    messages.row(record, day);
    const payload = payloads.get(record.message?.name ?? '');
    if (payload !== undefined && record.layout !== undefined) payload.row(record, day);
    const call = callOf(record);
    if (call !== undefined) calls.row(call, dayOf(call.clockTime));
  };
  for (const file of left > 0 ? files : []) {
    folder.begin(file === '-' ? 'stdin' : file);
    const assembler = new Assembler({
      protocol,
      rules,
      reuses: true,
      record(record) {
        count++;
        const isIn = filter === undefined || filter(recordFields(protocol, record));
        if (isIn) putRows(record);
        // Who has written a payload knows what is wrong with it. Asked before, it would be decoded.
        if (isProblem(record)) problems++;
        if (isIn && --left <= 0) throw new StopReading();
      },
      ...(filter === undefined && {
        frame: (frame) => packets.row(frame, dayOf(timeOfFrame(frame))),
        unanswered: (request) => calls.row(lostCall(request), dayOf(request.clockTime)),
      }),
    });
    const isWhole = await io.readCaptures(
      [file],
      options.format,
      (packet) => assembler.packet(packet),
      () => {},
      {
        allQueues: options.allQueues === true,
      },
    );
    if (isWhole) endOrStop(assembler);
    if (left <= 0 || io.isInterrupted) break;
  }
  folder.end();
  if (problems === 0) return;
  io.problem();
  io.note(
    `${problems} of ${count} messages are incomplete or not as declared: decode --summary lists them, the column issues of messages says what is wrong`,
  );
}
