import { readFile } from "node:fs/promises";
import { CliError } from "./failure.ts";

/** @throws CliError when it can't be read. */
export async function readTextFile(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    throw new CliError(`${file} cannot be read`, "Name a file that is there.", { cause });
  }
}
