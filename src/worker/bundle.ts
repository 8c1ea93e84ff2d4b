import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode } from "@temporalio/worker";

const source = fileURLToPath(new URL("..", import.meta.url));

const unusedMs = 30 * 86_400_000;

/** What a bundle is made of beside the rooms `workflows` and `domain`. */
export interface BundleEntry {
  readonly workflowsPath: string;
  readonly workflowInterceptorModules?: string[];
}

const ours: BundleEntry = {
  workflowsPath: join(source, "workflows/index.ts"),
  workflowInterceptorModules: [join(source, "temporal/trace-workflow.ts")],
};

/**
 * The workflows as one bundle file, made once for each state of the sources (2 s) and kept in `cacheDir`; a worker with
 * a bundle at hand starts in under a second, and that is what a killed worker's successor waits for.
 */
export async function workflowBundle(cacheDir: string, entry = ours): Promise<{ codePath: string }> {
  const codePath = join(cacheDir, `workflows-${await fingerprint(entry)}.js`);
  const now = new Date();
  const exists = await utimes(codePath, now, now).then(
    () => true,
    () => false,
  );
  if (exists) return { codePath };
  const { code } = await bundleWorkflowCode({ ...entry });
  await mkdir(dirname(codePath), { recursive: true });
  const partial = `${codePath}.${process.pid}`;
  await writeFile(partial, code);
  await rename(partial, codePath);
  await dropUnused(cacheDir, { names: /^workflows-.*\.js/, recursive: false });
  await dropUnused(join(cacheDir, "compiled"), { names: /./, recursive: true });
  return { codePath };
}

/** What other states of the sources left, and nobody used for long: it would be made again if it were wanted. */
async function dropUnused(
  folder: string,
  { names, recursive }: { readonly names: RegExp; readonly recursive: boolean },
): Promise<void> {
  const entries = await readdir(folder, { recursive, withFileTypes: true }).catch(() => []);
  const before = Date.now() - unusedMs;
  for (const entry of entries) {
    if (!entry.isFile() || !names.test(entry.name)) continue;
    const path = join(entry.parentPath, entry.name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs < before) await rm(path, { force: true });
  }
}

async function fingerprint(entry: BundleEntry): Promise<string> {
  const hash = createHash("sha256");
  const sdk = await readFile(join(source, "../node_modules/@temporalio/workflow/package.json"), "utf8");
  hash.update((JSON.parse(sdk) as { version: string }).version);
  for (const room of ["workflows", "domain"]) {
    const files = await readdir(join(source, room), { recursive: true });
    for (const file of files.filter((name) => name.endsWith(".ts")).sort()) {
      hash.update(file).update(await readFile(join(source, room, file)));
    }
  }
  const traceHeaders = join(source, "temporal/trace-headers.ts");
  for (const file of [entry.workflowsPath, ...(entry.workflowInterceptorModules ?? []), traceHeaders]) {
    hash.update(basename(file)).update(await readFile(file));
  }
  return hash.digest("hex").slice(0, 16);
}
