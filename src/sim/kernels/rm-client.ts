import {
  Endpoint,
  type GenerationName,
  type Hazard,
  HostError,
  type OutgoingCall,
} from '../../host/index.js';
import {
  failWith,
  type Running,
  type VmEffect,
  type WaitEffect,
  waitEnded,
} from '../../host/vm-manager/index.js';
import { QueueError } from '../../transport/index.js';

const NOTHING = new Uint8Array();

/** What an operation ended with. */
export type Outcome<T> = { readonly value: T } | { readonly error: HostError };

/** The world around a client. */
export interface RmClientPort {
  /** Takes a queue message for RM; it is tried again as long as the queue is full. */
  readonly send: (frame: Uint8Array) => void;
  /** RM has told something; `payload` is empty where the real client hands its handlers a null pointer. */
  readonly notified: (id: number, payload: Uint8Array) => void;
  /** The real client would leak or die now. */
  readonly hazard: (hazard: Hazard) => void;
}

/** An operation that is under way. */
interface Task {
  readonly operation: Running<unknown>;
  readonly ended: (outcome: Outcome<unknown>) => void;
}

/**
 * RM's client in a VM of a world, and the operations that use it: each runs until it waits, and goes on when the world
 * brings what it waits for. There is no time here and no promise: things happen when a frame is received.
 */
export class RmClient {
  readonly #endpoint: Endpoint;
  readonly #port: RmClientPort;
  /** Frames that the generation has not read yet. */
  readonly #inbox: Uint8Array[] = [];
  readonly #calls = new Map<OutgoingCall, { readonly task: Task; readonly effect: VmEffect }>();
  #waits: { readonly task: Task; readonly effect: WaitEffect }[] = [];

  constructor(generation: GenerationName, port: RmClientPort) {
    this.#endpoint = new Endpoint(generation);
    this.#port = port;
  }

  /** Starts an operation; it is told how it ended, perhaps before this returns. */
  run<T>(operation: Running<T>, ended: (outcome: Outcome<T>) => void): void {
    const task: Task = { operation, ended: (outcome) => ended(outcome as Outcome<T>) };
    this.#step(task, () => operation.next(NOTHING));
    this.#settle();
  }

  /** A frame has come, with an interrupt. */
  received(frame: Uint8Array): void {
    this.#inbox.push(frame);
    this.#endpoint.receive(() => this.#inbox.shift());
    this.#settle();
  }

  /** Something that operations may wait for has changed. */
  wake(): void {
    this.#settle();
  }

  /**
   * Ends calls that nobody has answered and waits that can be ended, now that nothing else will.
   *
   * @returns false when there was nothing to end.
   */
  giveUp(): boolean {
    const calls = [...this.#calls.keys()];
    const bounded = this.#waits.filter(({ effect }) => effect.bounded);
    this.#waits = this.#waits.filter(({ effect }) => !effect.bounded);
    for (const call of calls) this.#endpoint.giveUp(call);
    for (const { task, effect } of bounded)
      this.#step(task, () => failWith(task.operation, effect, waitEnded(effect)));
    this.#settle();
    return calls.length + bounded.length > 0;
  }

  /** Runs an operation up to the next thing that it waits for. */
  #step(task: Task, resume: () => IteratorResult<VmEffect, unknown>): void {
    let next = resume;
    for (;;) {
      let result: IteratorResult<VmEffect, unknown>;
      try {
        result = next();
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        task.ended({ error });
        return;
      }
      if (result.done) {
        task.ended({ value: result.value });
        return;
      }
      const then = this.#begin(task, result.value);
      if (then === undefined) return;
      next = then;
    }
  }

  /** Begins what an operation wants. @returns how to go on at once, undefined when that has to wait. */
  #begin(task: Task, effect: VmEffect): (() => IteratorResult<VmEffect, unknown>) | undefined {
    const { operation } = task;
    if (effect.kind === 'wait') {
      if (effect.ready()) return () => operation.next(NOTHING);
      this.#waits.push({ task, effect });
      return undefined;
    }
    try {
      if (effect.kind === 'hypercall') throw unsupported(effect.hypercall.name);
      this.#calls.set(this.#endpoint.start(effect.message, effect.payload), { task, effect });
      return undefined;
    } catch (error) {
      return () => failWith(operation, effect, error);
    }
  }

  /** Sends what is to be sent, and goes on with whatever can go on. */
  #settle(): void {
    do {
      for (
        let transmit = this.#endpoint.nextTransmit();
        transmit !== undefined;
        transmit = this.#endpoint.nextTransmit()
      ) {
        this.#port.send(transmit.frame);
        this.#endpoint.sent({ error: QueueError.OK, notFull: true });
      }
    } while (this.#handleEvent() || this.#endWait());
  }

  #handleEvent(): boolean {
    const event = this.#endpoint.nextEvent();
    switch (event?.kind) {
      case 'returned':
        this.#returned(event.call, ({ operation }) => operation.next(event.payload));
        break;
      case 'failed':
        this.#returned(event.call, ({ operation }, effect) => failWith(operation, effect, event.error));
        break;
      case 'notification':
        this.#port.notified(event.id, event.payload ?? NOTHING);
        break;
      case 'hazard':
        this.#port.hazard(event.hazard);
        break;
      case undefined:
        return false;
    }
    return true;
  }

  #returned(
    call: OutgoingCall,
    resume: (task: Task, effect: VmEffect) => IteratorResult<VmEffect, unknown>,
  ): void {
    const waiting = this.#calls.get(call);
    this.#calls.delete(call);
    if (waiting !== undefined) this.#step(waiting.task, () => resume(waiting.task, waiting.effect));
  }

  /** Goes on with one operation that waits for what is so by now. */
  #endWait(): boolean {
    const index = this.#waits.findIndex(({ effect }) => effect.ready());
    const [wait] = index < 0 ? [] : this.#waits.splice(index, 1);
    if (wait === undefined) return false;
    this.#step(wait.task, () => wait.task.operation.next(NOTHING));
    return true;
  }
}

/** The simulated hypervisor has no calls for VMs: RM's public build would not let it come to one. */
function unsupported(name: string): HostError {
  const issue = { code: 'unsupported', path: '', offset: 0, expected: 'a hypercall', actual: name };
  return new HostError(name, 'EOPNOTSUPP', 'local', issue);
}
