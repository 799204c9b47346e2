import { type Check, type HandlerRow, senderCondition } from './row.js';
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
}

/** How the rows answer, by message id. A message without facts is answered with UNIMPLEMENTED. */
export function handlerFacts(rows: readonly HandlerRow[] = rm23Rows): ReadonlyMap<number, HandlerFacts> {
  return new Map(
    rows.map((row) => [row.message.id, { checks: row.checks.flatMap((check) => checkFacts(row, check)) }]),
  );
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
  return condition === undefined ? [] : [{ check: condition.text, error: condition.error }];
}
