import { posix } from 'node:path';

export interface Source {
  /** From the root of the checkout, with `/` on every system. */
  readonly path: string;
  readonly text: string;
  /** Without comments. */
  readonly code: string;
}

export function sourceOf(path: string, text: string): Source {
  return { path, text, code: text.replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '') };
}

/** What a file imports or exports from elsewhere, types included: paths of files, and names of packages. */
export function importsOf({ path, code }: Source): string[] {
  return [...code.matchAll(/from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm)].map((match) => {
    const name = match[1] ?? match[2] ?? (match[3] as string);
    return name.startsWith('.') ? posix.join(posix.dirname(path), name).replace(/\.js$/, '.ts') : name;
  });
}

/** A graph: what each node leads to. */
type Graph = ReadonlyMap<string, ReadonlySet<string>>;

/** Who imports whom among these files. A path ending in `.ts` stands for the `.tsx` file of that name too. */
export function fileGraph(sources: readonly Source[]): Graph {
  const paths = new Set(sources.map(({ path }) => path));
  const there = (path: string) => [path, `${path}x`].find((name) => paths.has(name));
  return new Map(
    sources.map((source) => [
      source.path,
      new Set(
        importsOf(source)
          .map(there)
          .filter((path) => path !== undefined),
      ),
    ]),
  );
}

/**
 * Which folder imports from which other. A folder and one inside it do not count: what is inside is a part, and a part
 * may need what the whole declares, as long as no files go in a circle.
 */
export function folderGraph(files: Graph): Graph {
  const holds = (folder: string, path: string) => path.startsWith(`${folder}/`);
  const folders = new Map<string, Set<string>>();
  for (const [path, targets] of files) {
    const own = posix.dirname(path);
    const into = folders.get(own) ?? new Set();
    folders.set(own, into);
    for (const folder of [...targets].map((target) => posix.dirname(target)))
      if (folder !== own && !holds(folder, own) && !holds(own, folder)) into.add(folder);
  }
  return folders;
}

/** Sets of nodes that all lead to one another, each in alphabetical order (Tarjan's strongly connected components). */
export function circles(graph: Graph): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (node: string): void => {
    order.set(node, order.size);
    lowest.set(node, order.get(node) as number);
    stack.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) visit(next);
      else if (!stack.includes(next)) continue;
      lowest.set(node, Math.min(lowest.get(node) as number, lowest.get(next) as number));
    }
    if (lowest.get(node) !== order.get(node)) return;
    const members = stack.splice(stack.indexOf(node)).sort();
    if (members.length > 1 || graph.get(node)?.has(node)) found.push(members);
  };
  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}
