import { expect, it } from 'vitest';
import { endingCause } from '../../src/fuzz/oracle/cause.js';
import type { Step } from '../../src/target/index.js';

const step: Step = { kind: 'frame', from: 3, frame: Uint8Array.of(0x21, 1, 0, 0, 0x24, 0, 0, 0x56) };

it.each([
  ['abort memparcel.c:573 assertion 0x1234', 'at memparcel.c:573'],
  ['abort vm_exit_not_running', 'vm_exit_not_running'],
  ['abort value 17 at 0x8000 is wrong', 'abort value # at # is wrong on VM_GET_VMID'],
  ['SIGSEGV', 'SIGSEGV on VM_GET_VMID'],
  ["SIGABRT\nrm: src/rm.c:12: take: Assertion `n < 4' failed.", 'at src/rm.c:12'],
  ['exit 1\nsrc/rm.c:40:7: runtime error: index 9 out of bounds', 'at src/rm.c:40'],
  ['SIGABRT\nfree(): invalid pointer', 'free(): invalid pointer'],
  ["exit 101\nthread 'main' panicked at src/main.rs:3:5:\nno", 'at src/main.rs:3'],
  [
    'exit 1\n==9==ERROR: AddressSanitizer: heap-use-after-free on address 0x1\n    #0 0x55 in take rm.c:3\n',
    'heap-use-after-free in take',
  ],
])('%j is one cause wherever it happens', (text, key) => {
  expect(endingCause(step, { kind: 'crash', text }, undefined).key).toBe(`crash ${key}`);
});
