import { arrayForm } from './array.js';
import { base64Form } from './base64.js';
import { gdbForm } from './gdb.js';
import { hexForm } from './hex-lines.js';
import { hexdumpForm } from './hexdump.js';
import { jsonForm } from './json.js';
import { kernelLogForm } from './kernel-log.js';
import { literalForm } from './literal.js';
import { odForm } from './od.js';
import { plainDumpForm } from './plain-dump.js';
import { trace32Form } from './trace32.js';
import { wiresharkForm } from './wireshark.js';
import { xxdForm } from './xxd.js';
import { xxdBitsForm } from './xxd-bits.js';

/** All forms of text, in the order in which they are asked. */
export const textForms = [
  xxdBitsForm,
  xxdForm,
  hexdumpForm,
  odForm,
  wiresharkForm,
  gdbForm,
  trace32Form,
  jsonForm,
  arrayForm,
  literalForm,
  plainDumpForm,
  hexForm,
  base64Form,
  kernelLogForm,
] as const;

/** Name of a form of text. */
export type HexStyle = (typeof textForms)[number]['name'];
