interface BootGroup {
  readonly name: string;
  readonly after?: readonly string[] | undefined;
  readonly vms: readonly { readonly vm: string }[];
}

export interface BootNode {
  readonly name: string;
  readonly vms: readonly string[];
  /** How many groups lie before it at least. */
  readonly column: number;
  /** Its place among those of its column. */
  readonly row: number;
}

export interface BootGraph {
  readonly nodes: readonly BootNode[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
}

/** Boot groups as a graph from left to right. A group that names none comes after the one before it in the list. */
export function bootGraph(groups: readonly BootGroup[]): BootGraph {
  const names = new Set(groups.map(({ name }) => name));
  const before = new Map(
    groups.map(({ name, after }, index) => {
      const previous = groups[index - 1]?.name;
      const named = after ?? (previous === undefined ? [] : [previous]);
      return [name, named.filter((each) => names.has(each) && each !== name)] as const;
    }),
  );
  const columns = new Map<string, number>();
  const columnOf = (name: string, seen: ReadonlySet<string>): number => {
    const known = columns.get(name);
    if (known !== undefined) return known;
    // A circle can't be carried out; the API refuses it, and a drawing shouldn't hang on it.
    if (seen.has(name)) return 0;
    const within = new Set([...seen, name]);
    const column = Math.max(-1, ...(before.get(name) ?? []).map((each) => columnOf(each, within))) + 1;
    columns.set(name, column);
    return column;
  };
  const rows = new Map<number, number>();
  const nodes = groups.map(({ name, vms }) => {
    const column = columnOf(name, new Set());
    const row = rows.get(column) ?? 0;
    rows.set(column, row + 1);
    return { name, vms: vms.map(({ vm }) => vm), column, row };
  });
  const edges = groups.flatMap(({ name }) => (before.get(name) ?? []).map((from) => ({ from, to: name })));
  return { nodes, edges };
}
