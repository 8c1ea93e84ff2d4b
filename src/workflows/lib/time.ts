/** The workflow's own time. */
export function now(): string {
  return new Date().toISOString();
}
