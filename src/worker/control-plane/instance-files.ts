import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";

/** What of an instance's folder is no row of the store, and can't be made again. */
const kept = ["payload-keys.json", "audit-key.pem", "audit-checkpoints.jsonl", "token", "site-authority", "tls"];
/** Names that the configuration and the key of the backups have in a backup. */
export const configName = "novacron.yaml";
export const sealingKeyName = "backup-key.json";

/** A file as a line of a backup. */
export interface FileLine {
  readonly kind: "file";
  /** Within the instance's folder. */
  readonly name: string;
  /** In base64. */
  readonly content: string;
}

/** The files of an instance that a backup takes along, those that are there. */
export async function* filesOf(
  instanceDir: string,
  also: Readonly<Record<string, string | undefined>>,
): AsyncGenerator<FileLine> {
  for (const name of kept)
    for (const file of await filesAt(instanceDir, name)) yield await lineOf(file, join(instanceDir, file));
  for (const [name, path] of Object.entries(also)) {
    if (path !== undefined && (await isFile(path))) yield await lineOf(name, path);
  }
}

/** Writes them into the folder of another instance, for this account only. */
export async function writeFiles(instanceDir: string, files: readonly FileLine[]): Promise<void> {
  for (const { name, content } of files) {
    const inside = normalize(name);
    if (inside.startsWith("..") || inside.startsWith("/")) continue;
    const path = join(instanceDir, inside);
    await mkdir(dirname(path), { recursive: true, mode: 0o711 });
    await writeFile(path, Buffer.from(content, "base64"), { mode: 0o600 });
  }
}

async function filesAt(dir: string, name: string): Promise<string[]> {
  if (await isFile(join(dir, name))) return [name];
  const entries = await readdir(join(dir, name), { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isFile()).map((entry) => `${name}/${entry.name}`);
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

async function lineOf(name: string, path: string): Promise<FileLine> {
  return { kind: "file", name, content: (await readFile(path)).toString("base64") };
}
