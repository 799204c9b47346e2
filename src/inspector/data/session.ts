import { UsageError, WireError } from '../../base/error.js';
import { errorText } from '../../base/sentence.js';
import { filterNames, parseFilter } from '../../capture/filter/index.js';
import { CaptureInput } from '../../capture/input/index.js';
import { recordLine } from '../../capture/ndjson/index.js';
import { Summary } from '../../capture/print/index.js';
import type { Protocol } from '../../schema/index.js';
import type { CaptureSource, Event, FilterAnswer, Overview, Requests } from './api.js';
import { copiesOf, detailOf } from './detail.js';
import { MessageIndex } from './message-index.js';
import { isProblemAt, rowsOf } from './rows.js';
import { storedBytes, unpacked } from './source.js';
import { Lanes } from './timeline/lanes.js';
import { Parcels } from './timeline/parcels.js';
import { VmStates } from './timeline/vm-states.js';
import { View } from './view.js';

/** Bytes read (about 10 ms of work) before waiting questions are answered. */
const readStep = 1024 * 1024;
/** Messages that a filter tests before waiting questions are answered. */
const scanStep = 4096;
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
  #lanes: { readonly made: Lanes; readonly count: number } | undefined;
  #view: View;
  #viewNumber = 0;
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
    this.#view = new View(this.#index, undefined);
  }

  /** Reads a capture to its end. Errors are reported as an event. */
  async open(source: CaptureSource): Promise<void> {
    const { size, stream } = storedBytes(source);
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
    try {
      let unseen = 0;
      let first = true;
      for await (const chunk of unpacked(counted)) {
        input.push(chunk);
        unseen += chunk.length;
        if (unseen < readStep && !first) continue;
        unseen = 0;
        first &&= this.#index.count === 0;
        this.#tell(bytes, size);
        await this.#host.pause();
      }
      input.end();
    } catch (error) {
      this.#problem(error);
    }
    this.#index.end();
    this.#done = true;
    if (this.#index.count === 0 && !this.#broken)
      this.#host.emit({ kind: 'problem', code: 'no_messages', text: 'The capture holds no messages.' });
    this.#tell(size, size);
    await this.#scan();
  }

  filter(text: string): FilterAnswer {
    let view: View;
    try {
      const filter = text.trim() === '' ? undefined : parseFilter(text, filterNames(this.#protocol, false));
      view = new View(this.#index, filter);
    } catch (error) {
      if (error instanceof UsageError) return { error: errorText(error) };
      throw error;
    }
    this.#view = view;
    this.#viewNumber++;
    void this.#scan();
    return { view: this.#viewNumber };
  }

  rows(start: number, end: number) {
    return rowsOf(this.#index, this.#view, start, end);
  }

  rowOf(no: number): number | undefined {
    return this.#view.rowOf(no - 1);
  }

  nextProblem(row: number, step: 1 | -1): number | undefined {
    return this.#view.find(row, step, (message) => isProblemAt(this.#index, message));
  }

  detail(no: number) {
    return detailOf(this.#index, no - 1);
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

  ndjson(start: number, end: number): string {
    let text = '';
    const last = Math.min(end, this.#view.count);
    for (let row = start; row < last; row++)
      text += recordLine(this.#protocol, this.#index.record(this.#view.messageAt(row)));
    return text;
  }

  /** Tests all messages that have been read so far, until the filter changes. */
  async #scan(): Promise<void> {
    const number = this.#viewNumber;
    do {
      this.#view.advance(scanStep);
      this.#tellView();
      await this.#host.pause();
    } while (this.#viewNumber === number && this.#view.scanned < this.#index.count);
  }

  #currentLanes(): Lanes {
    const { count } = this.#index;
    if (this.#lanes?.count !== count)
      this.#lanes = { made: new Lanes(this.#index, this.#states, this.#parcels), count };
    return this.#lanes.made;
  }

  #tell(bytes: number, size: number): void {
    const { count: messages, packetCount: packets } = this.#index;
    this.#host.emit({ kind: 'progress', messages, packets, bytes, size, done: this.#done });
    this.#view.advance(2 * scanStep);
    this.#tellView();
  }

  #tellView(): void {
    const { count: rows, scanned } = this.#view;
    const complete = this.#done && scanned === this.#index.count;
    this.#host.emit({ kind: 'view', view: this.#viewNumber, rows, scanned, complete });
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
