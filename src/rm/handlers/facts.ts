import { defined } from '../../base/defined.js';
import type { Call, Payload } from '../../schema/index.js';
import { type Assumption, type Check, type HandlerRow, senderCondition } from './row.js';
import { rm23Rows } from './rows.js';

/** One check of a request as tools print it. */
export interface CheckFacts {
  readonly check: string;
  /** Name of the error that the reply carries if it fails. Undefined: that depends on what is wrong. */
  readonly error?: string;
}

/** How the simulated manager answers a message: the checks in their order, before the handler's own. */
export interface HandlerFacts {
  readonly checks: readonly CheckFacts[];
  /** What no public source says, and what would tell. */
  readonly assumed?: readonly Assumption[];
  /** Only the number of the message is public: request and reply as they are assumed. */
  readonly layouts?: { readonly request: Payload; readonly reply: Payload };
}

/** How the rows answer, by message id. A message without facts is answered with UNIMPLEMENTED. */
export function handlerFacts(rows: readonly HandlerRow[] = rm23Rows): ReadonlyMap<number, HandlerFacts> {
  return new Map(
    rows.map((row) => [
      row.message.id,
      defined({
        checks: row.checks.flatMap((check) => checkFacts(row, check)),
        assumed: row.assumed,
        layouts: row.layoutAssumed === true ? layoutsOf(row.message) : undefined,
      }),
    ]),
  );
}

function layoutsOf({ request, reply }: Call): HandlerFacts['layouts'] {
  return { request, reply };
}

function checkFacts(row: HandlerRow, check: Check): CheckFacts[] {
  if (check === 'payload') return [{ check: row.listsLate ? 'size' : 'size and lists' }];
  if (check === 'reserved') {
    const { request } = row.message;
    const fields = request.kind === 'struct' ? request.fields : [];
    return fields.flatMap(({ checkedZero: error }) =>
      error === undefined ? [] : [{ check: 'reserved field is 0', error }],
    );
  }
  const condition = check === 'sender' ? senderCondition(row) : check;
  // What kills the public manager is no answer: PANICS.md lists it.
  return condition === undefined || 'panic' in condition
    ? []
    : [{ check: condition.text, error: condition.error }];
}
