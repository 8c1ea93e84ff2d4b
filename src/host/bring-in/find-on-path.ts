import { accessSync, constants, statSync } from "node:fs";
import { join } from "node:path";

/** Administrators' folders are missing from most users' PATH, yet their programs run without being root. */
const always = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/** Absolute path of a program on PATH or in the system's folders. */
export function findOnPath(program: string, path = process.env.PATH ?? ""): string | undefined {
  for (const folder of [...path.split(":"), ...always]) {
    if (!folder.startsWith("/")) {
      continue;
    }
    const candidate = join(folder, program);
    try {
      accessSync(candidate, constants.X_OK);
      if (statSync(candidate).isFile()) {
        return candidate;
      }
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}
