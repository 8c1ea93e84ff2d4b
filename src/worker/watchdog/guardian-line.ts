/** A line of the guardian's log: JSON on standard output, which is a file of the worker's folder. */
export function guardianLine(level: "debug" | "info" | "warn" | "error", message: string, facts?: object): void {
  if (level === "debug") return;
  process.stdout.write(
    `${JSON.stringify({ at: new Date().toISOString(), level, process: "guardian", message, ...facts })}\n`,
  );
}
