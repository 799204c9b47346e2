import { refuser } from '../../src/host/refusal.js';
import {
  type Hypercall,
  type Running,
  runOperationNow,
  UserProcess,
  type VmGenerationName,
  VmManager,
  type VmManagerOptions,
} from '../../src/host/vm-manager/index.js';
import { type StubOptions, StubRm } from './stub-rm.js';

/** A VM manager on a stub that says OK to everything, and a log of all that happens in the words of the recordings. */
export class StubMachine {
  readonly log: string[] = [];
  readonly process = new UserProcess('vmm');
  readonly manager: VmManager;
  readonly rm: StubRm;
  /** Name of a hypercall that ends with EBUSY. */
  refuseHypercall: string | undefined;

  constructor(options: VmManagerOptions & { readonly generation: VmGenerationName }, stub: StubOptions = {}) {
    this.rm = new StubRm(stub, ['v17', 'a15'].includes(options.generation), this.log);
    this.manager = new VmManager({
      ...options,
      onEvent: (_, event) => {
        if (event.kind === 'unbind') this.log.push(`unbind function type ${event.type}`);
      },
    });
  }

  run<T>(operation: Running<T>): T {
    return runOperationNow(operation, {
      call: (effect) => this.rm.call(effect),
      hypercall: ({ hypercall }) => {
        if (hypercall.name === this.refuseHypercall)
          throw refuser(hypercall.name, '')('EBUSY', 'busy', 0, 31);
        this.log.push(describeHypercall(hypercall));
        return new Uint8Array();
      },
      wait: (effect) => {
        for (const { id, payload } of this.rm.notifications.splice(0)) this.manager.notified(id, payload);
        return effect.ready();
      },
    });
  }
}

function describeHypercall(hypercall: Hypercall): string {
  if (hypercall.name === 'vcpu_run') return 'hypercall vcpu_run';
  const hex = (value: number | bigint) => `0x${value.toString(16)}`;
  if (hypercall.name === 'memextent_donate')
    return `hypercall memextent_donate opt ${hex(hypercall.options)} from ${hypercall.from} to ${hypercall.to}`;
  return `hypercall ${hypercall.name} gpa ${hex(hypercall.guestAddress)} flags ${hex(hypercall.flags)}`;
}
