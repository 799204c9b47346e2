import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Detail } from '../data/detail.js';
import type { TreeNode } from '../data/field-tree.js';
import { type Keys, press } from './shortcuts.js';

/** The entries of lists longer than this are folded at first. A folded entry shows its fields on one line. */
const unfoldedMax = 8;

/** A message, and the line of its tree that is chosen and the one under the pointer. */
export interface FieldSelection {
  readonly detail: Detail;
  readonly chosen: number | undefined;
  readonly hovered: number | undefined;
  choose(node: number | undefined): void;
  hover(node: number | undefined): void;
}

/** The fields of a message as a tree. */
export function FieldTree({ detail, chosen, hovered, choose, hover }: FieldSelection) {
  const { nodes, issues } = detail;
  const [folded, setFolded] = useState(() => foldedAtFirst(nodes));
  const tree = useRef<HTMLDivElement>(null);
  const open = useMemo(() => visibleNodes(nodes, folded), [nodes, folded]);
  const wrong = useMemo(() => new Set(issues.map(({ node }) => node)), [issues]);

  useEffect(() => {
    if (chosen === undefined) return;
    // A field that was chosen in the bytes may be inside a folded line.
    const outer = ancestors(nodes, chosen).filter((id) => folded.has(id));
    if (outer.length > 0) setFolded(new Set([...folded].filter((id) => !outer.includes(id))));
    else tree.current?.querySelector(`#node-${chosen}`)?.scrollIntoView({ block: 'nearest' });
  }, [nodes, chosen, folded]);

  const fold = (id: number, closed: boolean) => {
    const next = new Set(folded);
    if (closed) next.add(id);
    else next.delete(id);
    setFolded(next);
  };
  const place = open.findIndex(({ id }) => id === chosen);
  const moveTo = (index: number) => choose(open[Math.min(open.length - 1, Math.max(0, index))]?.id);
  const node = chosen === undefined ? undefined : nodes[chosen];
  const keys: Keys = {
    ArrowDown: () => moveTo(place + 1),
    ArrowUp: () => moveTo(place < 0 ? 0 : place - 1),
    Home: () => moveTo(0),
    End: () => moveTo(open.length - 1),
    ArrowRight: () => (node?.group && folded.has(node.id) ? fold(node.id, false) : moveTo(place + 1)),
    ArrowLeft: () => {
      if (node?.group && !folded.has(node.id)) {
        choose(node.id);
        fold(node.id, true);
      } else if (node?.parent !== undefined) choose(node.parent);
    },
    ...(chosen !== undefined && { Escape: () => choose(undefined) }),
  };
  return (
    <div
      class="tree"
      role="tree"
      aria-label="Fields"
      tabIndex={0}
      ref={tree}
      aria-activedescendant={place < 0 ? undefined : `node-${chosen}`}
      onKeyDown={(event) => press(keys, event)}
      onMouseLeave={() => hover(undefined)}
    >
      {open.map((item) => (
        <TreeLine
          key={item.id}
          node={item}
          folded={folded.has(item.id)}
          chosen={item.id === chosen}
          hovered={item.id === hovered}
          wrong={wrong.has(item.id)}
          choose={choose}
          hover={hover}
          fold={fold}
        />
      ))}
    </div>
  );
}

interface TreeLineProps {
  readonly node: TreeNode;
  readonly folded: boolean;
  readonly chosen: boolean;
  readonly hovered: boolean;
  readonly wrong: boolean;
  choose(node: number): void;
  hover(node: number): void;
  fold(node: number, closed: boolean): void;
}

function TreeLine({ node, folded, chosen, hovered, wrong, choose, hover, fold }: TreeLineProps) {
  const { id, name, value, depth, group, mark, colour } = node;
  const classes = ['node', mark, chosen && 'chosen', hovered && 'hot', wrong && 'problem'];
  return (
    <div
      id={`node-${id}`}
      class={classes.filter(Boolean).join(' ')}
      role="treeitem"
      aria-level={depth + 1}
      aria-expanded={group ? !folded : undefined}
      aria-selected={chosen}
      style={{ paddingInlineStart: `${depth * 1.1 + 0.3}em` }}
      onClick={() => choose(id)}
      onMouseEnter={() => hover(id)}
      onDblClick={() => group && fold(id, !folded)}
    >
      <span
        class="twist"
        aria-hidden="true"
        onClick={(event) => {
          if (!group) return;
          event.stopPropagation();
          fold(id, !folded);
        }}
      >
        {group ? (folded ? '▸' : '▾') : ''}
      </span>
      <span class={colour === undefined ? 'swatch none' : 'swatch'} style={fill(colour)} aria-hidden="true" />
      <span class="field-name">{name}</span>
      <span class="field-value">{value}</span>
      {wrong && <span class="sign">wrong</span>}
    </div>
  );
}

/** The background of a field's swatch and of its bytes. */
export function fill(colour: number | undefined): { readonly background: string } | undefined {
  return colour === undefined ? undefined : { background: `var(--field-${colour})` };
}

/** The prose and the facts about a field. */
export function FieldDoc({
  node,
  message,
}: {
  readonly node: TreeNode | undefined;
  /** What the message is for, shown while no field is. */
  readonly message: string;
}) {
  return (
    <div class="field-doc" aria-live="polite">
      {node === undefined ? (
        <p class="faint">{message}</p>
      ) : (
        <>
          <p>
            <strong>{node.path || node.name}</strong> {node.doc}
          </p>
          {node.notes.length > 0 && <p class="faint">{node.notes.join(' · ')}</p>}
        </>
      )}
    </div>
  );
}

function foldedAtFirst(nodes: readonly TreeNode[]): ReadonlySet<number> {
  const groups = nodes.filter(({ group }) => group);
  const entries = new Map<number | undefined, number>();
  for (const { parent } of groups) entries.set(parent, (entries.get(parent) ?? 0) + 1);
  // The header (a group without a path) is folded: the table of messages shows all of it that varies.
  const isMessage = nodes.some(
    ({ parent, path, mark }) => parent === undefined && (path !== '' || mark === 'rest'),
  );
  const folds = ({ path, parent }: TreeNode) =>
    (path === '' && isMessage) || (parent !== undefined && (entries.get(parent) ?? 0) > unfoldedMax);
  return new Set(groups.filter(folds).map(({ id }) => id));
}

function visibleNodes(nodes: readonly TreeNode[], folded: ReadonlySet<number>): readonly TreeNode[] {
  const hidden = new Set<number>();
  return nodes.filter(({ id, parent }) => {
    if (parent === undefined || !(hidden.has(parent) || folded.has(parent))) return true;
    hidden.add(id);
    return false;
  });
}

function ancestors(nodes: readonly TreeNode[], id: number): number[] {
  const { parent } = nodes[id] ?? {};
  return parent === undefined ? [] : [parent, ...ancestors(nodes, parent)];
}
