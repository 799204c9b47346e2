import { UsageError, WireError } from '../../base/error.js';
import { errorText } from '../../base/sentence.js';
import { completionsOf, type FilterNames, filterNames, parseFilter } from '../../capture/filter/index.js';
import { CaptureInput } from '../../capture/input/index.js';
import { recordLine } from '../../capture/ndjson/index.js';
import { Summary } from '../../capture/print/index.js';
import type { Protocol } from '../../schema/index.js';
import type { CaptureSource, Event, FilterAnswer, HazardsAnswer, Overview, Requests } from './api.js';
import { type Column, type ColumnFacts, columnsOf } from './columns.js';
import { copiesOf, detailOf } from './detail.js';
import { type FindAnswer, type FindQuery, testOf } from './find.js';
import { Hazards } from './hazards.js';
import { MessageIndex } from './message-index.js';
import { commentOf, type Note } from './note.js';
import { rowsOf } from './rows.js';
import { pcapngOf } from './save-pcapng.js';
import { Sorting, type SortKey } from './sorting.js';
import { storedBytes, unpacked } from './source.js';
import { Lanes } from './timeline/lanes.js';
import { Parcels } from './timeline/parcels.js';
import { VmStates } from './timeline/vm-states.js';
import { View } from './view.js';

/** Bytes read (about 10 ms of work) before waiting questions are answered. */
const readStep = 1024 * 1024;
/** Messages that a filter tests before waiting questions are answered. */
const scanStep = 4096;
/** Messages that are sorted by what the index has before waiting questions are answered. */
const sortStep = 1 << 20;
/** Messages that are written as NDJSON before waiting questions are answered. */
const saveStep = 2000;
/** Messages of a capture that grows without end that the page holds, in some 400 MB. */
const liveMax = 2_000_000;
/** Largest number of warnings that are reported. */
const warningsMax = 20;
/** Number of parts of the duration in the activity plot. */
const activityParts = 120;

/** What a session needs from the worker that it runs in. */
export interface SessionHost {
  emit(event: Event): void;
  /** Resolves after the events that wait have been handled. */
  pause(): Promise<void>;
}

/** One open capture. It answers questions while it still reads, and decodes only what is asked for. */
export class Session implements Requests {
  readonly #protocol: Protocol;
  readonly #host: SessionHost;
  readonly #summary: Summary;
  readonly #index: MessageIndex;
  readonly #states: VmStates;
  readonly #parcels: Parcels;
  readonly #hazards: Hazards;
  #isLinting = false;
  #hazardsTold = 0;
  #lanes: { readonly made: Lanes; readonly count: number } | undefined;
  #view: View;
  #viewNumber = 0;
  /** Number of the latest scan. Earlier ones end. */
  #scanNumber = 0;
  #findNumber = 0;
  #sortKey: SortKey | undefined;
  readonly #columns: ReadonlyMap<string, Column>;
  readonly #names: FilterNames;
  #isScanning = false;
  #isLive = false;
  #reading: Promise<void> | undefined;
  #done = false;
  #broken = false;
  #warnings = 0;

  constructor(protocol: Protocol, host: SessionHost) {
    this.#protocol = protocol;
    this.#host = host;
    this.#summary = new Summary(protocol);
    this.#index = new MessageIndex(protocol, {
      record: (record, at) => {
        this.#summary.record(record);
        this.#states.record(record, at);
        this.#parcels.record(record, at);
      },
      unanswered: (request) => this.#summary.lost(request),
    });
    this.#states = new VmStates(this.#index);
    this.#parcels = new Parcels(this.#index);
    this.#hazards = new Hazards(this.#index);
    this.#view = new View(this.#index, undefined);
    this.#columns = columnsOf(this.#index, this.#hazards);
    this.#names = filterNames(protocol, false);
  }

  /** Reads a capture to its end. Errors are reported as an event. */
  open(source: CaptureSource): Promise<void> {
    this.#isLive = 'url' in source;
    this.#reading = this.#readAll(source);
    return this.#reading;
  }

  async #readAll(source: CaptureSource): Promise<void> {
    let size: number | undefined;
    try {
      const stored = await storedBytes(source);
      size = stored.size;
      await this.#read(stored.stream, size);
    } catch (error) {
      this.#problem(error);
    }
    this.#index.end();
    this.#done = true;
    if (this.#index.count === 0 && !this.#broken)
      this.#host.emit({ kind: 'problem', code: 'no_messages', text: 'The capture holds no messages.' });
    this.#tell(size ?? 0, size);
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>, size: number | undefined): Promise<void> {
    let bytes = 0;
    const counted = stream.pipeThrough(
      new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
        transform(chunk, controller) {
          bytes += chunk.length;
          controller.enqueue(chunk);
        },
      }),
    );
    const input = new CaptureInput(
      this.#protocol,
      undefined,
      (packet) => this.#index.packet(packet),
      ({ frame, message }) => this.#warn(`packet ${frame}: ${message}`),
    );
    let unseen = 0;
    let first = true;
    for await (const chunk of unpacked(counted)) {
      input.push(chunk);
      unseen += chunk.length;
      if (unseen < readStep && !first && !this.#isLive) continue;
      unseen = 0;
      first &&= this.#index.count === 0;
      this.#tell(bytes, size);
      await this.#host.pause();
      if (this.#isLive && this.#index.count > liveMax) {
        const text = `The page holds ${this.#index.count} messages and takes no more, so that its memory is bounded.`;
        this.#host.emit({ kind: 'problem', code: 'full', text });
        return;
      }
    }
    input.end();
  }

  filter(text: string): FilterAnswer {
    let view: View;
    try {
      const filter = text.trim() === '' ? undefined : parseFilter(text, this.#names);
      view = new View(this.#index, filter);
    } catch (error) {
      if (error instanceof UsageError) return { error: errorText(error) };
      throw error;
    }
    this.#view = view;
    this.#viewNumber++;
    this.sort(this.#sortKey);
    return { view: this.#viewNumber };
  }

  sort(key: SortKey | undefined): void {
    this.#sortKey = key;
    const column = key && this.#columns.get(key.column);
    this.#view.sortBy(column && new Sorting(column, key.descending));
    this.#viewNumber++;
    void this.#scan();
  }

  complete(text: string, cursor: number) {
    return completionsOf(text, cursor, this.#names);
  }

  columns(): ColumnFacts[] {
    return Array.from(this.#columns.values(), ({ name, label, doc, isNumber }) => ({
      name,
      label,
      doc,
      isNumber,
    }));
  }

  rows(start: number, end: number, names: readonly string[]) {
    const column = (name: string) => this.#columns.get(name) as Column;
    const columns = {
      shown: names.map(column),
      problem: column('problem'),
      hazard: column('hazard'),
      comment: column('comment'),
    };
    return rowsOf(this.#index, this.#view, columns, start, end);
  }

  rowOf(no: number): number | undefined {
    return this.#view.rowOf(no - 1);
  }

  async find(query: FindQuery, row: number, step: 1 | -1): Promise<FindAnswer> {
    const number = ++this.#findNumber;
    let test: ReturnType<typeof testOf>;
    try {
      test = testOf(query, this.#index, this.#columns, this.#names);
    } catch (error) {
      if (error instanceof UsageError) return { error: errorText(error) };
      throw error;
    }
    if (typeof test !== 'function') return test;
    const { count } = this.#view;
    const first = row < 0 && step < 0 ? 0 : row;
    for (let tried = 1; tried <= count; tried++) {
      const next = (((first + step * tried) % count) + count) % count;
      if (test(this.#view.messageAt(next)))
        return { row: next, wrapped: step > 0 ? next <= row : next >= first };
      if (tried % scanStep !== 0) continue;
      await this.#host.pause();
      if (number !== this.#findNumber) break;
    }
    return { none: true };
  }

  setNote(no: number, note: Note): void {
    this.#index.setComment(no - 1, commentOf(note));
  }

  detail(no: number) {
    return detailOf(this.#index, no - 1, this.#hazards.of(no));
  }

  copies(no: number, node?: number) {
    return copiesOf(this.#index, no - 1, node);
  }

  lanes(start: number, end: number, parts: number) {
    return this.#currentLanes().window(start, end, parts);
  }

  overview(): Overview {
    const lanes = this.#currentLanes();
    return {
      ...this.#summary.toJson(),
      activity: lanes.activity(activityParts),
      durationNs: lanes.durationNs,
    };
  }

  hazards(): HazardsAnswer {
    return { counts: this.#hazards.counts, complete: this.#hazards.isComplete };
  }

  async ndjson(): Promise<Blob> {
    const view = await this.#settledView();
    const { count } = view;
    const pieces: string[] = [];
    for (let start = 0; start < count; start += saveStep) {
      let text = '';
      for (let row = start; row < Math.min(count, start + saveStep); row++)
        text += recordLine(this.#protocol, this.#index.record(view.messageAt(row)));
      pieces.push(text);
      await this.#host.pause();
    }
    return new Blob(pieces, { type: 'application/x-ndjson' });
  }

  async pcapng(part: 'all' | 'shown'): Promise<Blob> {
    const view = await this.#settledView();
    const isWanted = (message: number) => part === 'all' || view.rowOf(message) !== undefined;
    return pcapngOf(this.#index, isWanted, () => this.#host.pause());
  }

  /** What the filter shows, once a file has been read and all its messages have been tested and sorted. */
  async #settledView(): Promise<View> {
    if (!this.#isLive) await this.#reading;
    while (this.#isScanning) await this.#host.pause();
    return this.#view;
  }

  /** Tests and sorts all messages that have been read so far, until the filter or the order changes. */
  async #scan(): Promise<void> {
    const number = ++this.#scanNumber;
    const isIndexed = this.#columns.get(this.#sortKey?.column ?? '')?.isIndexed === true;
    this.#isScanning = true;
    for (;;) {
      this.#view.advance(scanStep);
      const isTested = this.#view.scanned === this.#index.count;
      if (isTested && this.#isSortingDue && this.#view.advanceSorting(isIndexed ? sortStep : scanStep))
        this.#viewNumber++;
      this.#tellView();
      if (isTested && !this.#isSortingDue) break;
      await this.#host.pause();
      if (this.#scanNumber !== number) return;
    }
    this.#isScanning = false;
  }

  /** Whether rows are to be sorted now. While a file is read that is done only now and then, since it takes its time. */
  get #isSortingDue(): boolean {
    const { unsorted, count } = this.#view;
    return unsorted > (this.#done || this.#isLive ? 0 : count / 16);
  }

  #currentLanes(): Lanes {
    const { count } = this.#index;
    if (this.#lanes?.count !== count)
      this.#lanes = { made: new Lanes(this.#index, this.#states, this.#parcels, this.#hazards), count };
    return this.#lanes.made;
  }

  #tell(bytes: number, size: number | undefined): void {
    const { count: messages, packetCount: packets } = this.#index;
    this.#host.emit({ kind: 'progress', messages, packets, bytes, size, done: this.#done });
    this.#view.advance(2 * scanStep);
    this.#tellView();
    if (!this.#isScanning) void this.#scan();
    if (!this.#isLinting) void this.#lint();
  }

  /** Looks for hazards in all that has been read so far, when nothing else is to be done. */
  async #lint(): Promise<void> {
    this.#isLinting = true;
    try {
      // Reading and filtering come first.
      while ((!this.#done && !this.#isLive) || this.#isScanning || !this.#hazards.advance(this.#done)) {
        this.#tellHazards(false);
        await this.#host.pause();
        if (!this.#done && !this.#isLive) break;
      }
      this.#tellHazards(this.#hazards.isComplete);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#warn(`hazards: ${errorText(error)}`);
    }
    this.#isLinting = false;
  }

  /** Rows and lanes with findings are drawn anew. */
  #tellHazards(complete: boolean): void {
    const { count } = this.#hazards;
    if (count !== this.#hazardsTold) {
      this.#hazardsTold = count;
      this.#lanes = undefined;
      this.#viewNumber++;
      this.#tellView();
    } else if (!complete) return;
    this.#host.emit({ kind: 'hazards', count, complete });
  }

  #tellView(): void {
    const { count: rows, scanned, unsorted, sortedShare: sorted } = this.#view;
    const complete = this.#done && scanned === this.#index.count && unsorted === 0;
    this.#host.emit({ kind: 'view', view: this.#viewNumber, rows, scanned, sorted, complete });
  }

  #warn(text: string): void {
    this.#warnings++;
    if (this.#warnings <= warningsMax) this.#host.emit({ kind: 'warning', text });
  }

  #problem(error: unknown): void {
    // Any other error comes from the browser, which could not read or decompress the file.
    const { code, text } =
      error instanceof WireError
        ? explain(error)
        : { code: 'read', text: `The file cannot be read: ${error}` };
    this.#broken = true;
    this.#host.emit({ kind: 'problem', code, text });
  }
}

/** Explains why a file cannot be read. */
function explain(error: WireError): { code: string; text: string } {
  const { code, expected, actual } = error;
  const texts: Readonly<Record<string, string>> = {
    empty: 'The file is empty.',
    format: `This is no capture that can be read here. It begins with ${actual}; what can be read is pcapng, pcap, NDJSON and hex dumps.`,
    link_type: `The packets are of link type ${actual}. Messages of the resource manager are of type ${expected}.`,
  };
  return {
    code,
    text: texts[code] ?? `The capture is damaged: ${errorText(error)}. What comes before is shown.`,
  };
}
