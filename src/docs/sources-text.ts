/** A short name for several sources, such as `q*` for all of Qualcomm's clients. */
export interface SourceGroup {
  readonly name: string;
  readonly sources: readonly string[];
}

/** Labels of sources as text. A complete group is printed by its name; where groups overlap, the first is used. */
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

/** The sources of a message. Those that define only its number are in brackets. */
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
