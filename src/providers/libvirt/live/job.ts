/** One figure of what `virsh domjobinfo --rawstats` prints. */
export function jobFigure(stats: string, name: string): number | undefined {
  const value = new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(stats)?.[1];
  return value === undefined ? undefined : Number(value);
}
