/** Sources that are named together: `q*` for all of Qualcomm's clients. */
export interface SourceGroup {
  readonly name: string;
  readonly sources: readonly string[];
}

/** Labels of sources as text, whole groups by their names; of groups that overlap the first counts. */
export function sourcesText(sources: readonly string[], groups: readonly SourceGroup[]): string {
  let rest = [...sources];
  const names: string[] = [];
  for (const group of groups) {
    if (!group.sources.every((source) => rest.includes(source))) continue;
    rest = rest.filter((source) => !group.sources.includes(source));
    names.push(group.name);
  }
  return [...rest, ...names].join(' ');
}

/** The sources of a message, in brackets those that define only its number. */
export function definedBy(
  {
    sources,
    id_only_in: idOnlyIn,
  }: { readonly sources: readonly string[]; readonly id_only_in: readonly string[] },
  groups: readonly SourceGroup[],
): string {
  const full = sources.filter((source) => !idOnlyIn.includes(source));
  const parts = [
    sourcesText(full, groups),
    idOnlyIn.length === 0 ? '' : `(${sourcesText(idOnlyIn, groups)})`,
  ];
  return parts.filter((part) => part !== '').join(' ');
}
