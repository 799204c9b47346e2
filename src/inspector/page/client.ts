import type { CaptureSource, Event, FromWorker, Requests, ToWorker } from '../data/api.js';
import InspectorWorker from '../worker.ts?worker&inline';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** The page's connection to a worker that holds one capture. */
export class Client {
  readonly #worker = new InspectorWorker();
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  /** Starts a worker and opens a capture in it. */
  constructor(source: CaptureSource, onEvent: (event: Event) => void) {
    this.#worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
      if ('event' in data) onEvent(data.event);
      else this.#settle(data);
    };
    this.#send({ open: source });
  }

  /** Asks the worker. It answers in the order of the questions, but for those that take longer. */
  ask<M extends keyof Requests>(
    method: M,
    ...args: Parameters<Requests[M]>
  ): Promise<Awaited<ReturnType<Requests[M]>>> {
    const call = this.#calls++;
    this.#send({ call, method, args });
    return new Promise((resolve, reject) => {
      this.#waiting.set(call, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  /** Ends the worker. Open questions are never answered, and events that are under way do not arrive. */
  close(): void {
    this.#worker.onmessage = null;
    this.#worker.terminate();
  }

  #send(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #settle(data: Exclude<FromWorker, { event: Event }>): void {
    const waiting = this.#waiting.get(data.answer);
    this.#waiting.delete(data.answer);
    if ('error' in data) waiting?.reject(new Error(data.error));
    else waiting?.resolve(data.value);
  }
}
