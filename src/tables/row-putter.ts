import { compile } from '../codec/emitter.js';
import type { Protocol } from '../schema/index.js';
import type { Cells } from './cells/index.js';
import type { Column, RowPutter } from './column.js';

/**
 * Generates the function that puts a row. A loop over the columns takes three times as long: the engine cannot inline
 * calls of changing functions. It is generated when it is asked for: who asks tables needs the names of columns alone.
 *
 * @param conditions what must hold of `item` for a column to be asked, as an expression; each column is asked if there is none.
 */
export function rowPutter<Item>(
  protocol: Protocol,
  columns: readonly Column<Item>[],
  conditions: ReadonlyMap<Column<Item>, string> = new Map(),
): () => RowPutter<Item> {
  let made: RowPutter<Item> | undefined;
  return () => {
    made ??= compiled(protocol, columns, conditions);
    return made;
  };
}

function compiled<Item>(
  protocol: Protocol,
  columns: readonly Column<Item>[],
  conditions: ReadonlyMap<Column<Item>, string>,
): RowPutter<Item> {
  const list = (stem: string) => `[${columns.map((_, at) => stem + at)}]`;
  const statements = columns.map((column, at) => {
    const { read, property, putValue } = column;
    const condition = conditions.get(column);
    const value = property === undefined ? `read${at}(item, protocol)` : `item.${property}`;
    const putIt = putValue === undefined ? `k[${at}].put(r, v)` : `put${at}(v, r, k[${at}])`;
    const put =
      read === undefined ? `put${at}(item, r, k[${at}]);` : `v = ${value}; if (v !== undefined) ${putIt};`;
    return condition === undefined ? put : `if (${condition}) { ${put} }`;
  });
  const source = `const ${list('read')} = reads, ${list('put')} = puts; return (item, r, k) => { let v;\n${statements.join('\n')}\n};`;
  const slow = () => (item: Item, row: number, cells: readonly Cells[]) => {
    for (const [at, column] of columns.entries()) column.put(item, row, cells[at] as Cells);
  };
  const make = compile<(...of: readonly unknown[]) => RowPutter<Item>>(
    ['protocol', 'reads', 'puts'],
    source,
    slow,
  );
  return make(
    protocol,
    columns.map(({ read }) => read),
    columns.map(({ put, putValue }) => putValue ?? put),
  );
}
