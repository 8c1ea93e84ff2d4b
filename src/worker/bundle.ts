import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundleWorkflowCode } from "@temporalio/worker";

const source = fileURLToPath(new URL("..", import.meta.url));

/**
 * The workflows as one bundle file, made once for each state of the sources (2 s) and kept in `cacheDir`; a worker with
 * a bundle at hand starts in under a second, and that is what a killed worker's successor waits for.
 */
export async function workflowBundle(cacheDir: string): Promise<{ codePath: string }> {
  const codePath = join(cacheDir, `workflows-${await fingerprint()}.js`);
  const existing = await readFile(codePath).catch(() => undefined);
  if (existing) return { codePath };
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(source, "workflows/index.ts"),
    workflowInterceptorModules: [join(source, "temporal/trace-workflow.ts")],
  });
  await mkdir(dirname(codePath), { recursive: true });
  const partial = `${codePath}.${process.pid}`;
  await writeFile(partial, code);
  await rename(partial, codePath);
  return { codePath };
}

async function fingerprint(): Promise<string> {
  const hash = createHash("sha256");
  const sdk = await readFile(join(source, "../node_modules/@temporalio/workflow/package.json"), "utf8");
  hash.update((JSON.parse(sdk) as { version: string }).version);
  for (const room of ["workflows", "domain"]) {
    const files = await readdir(join(source, room), { recursive: true });
    for (const file of files.filter((name) => name.endsWith(".ts")).sort()) {
      hash.update(file).update(await readFile(join(source, room, file)));
    }
  }
  for (const file of ["trace-workflow.ts", "trace-headers.ts"]) {
    hash.update(file).update(await readFile(join(source, "temporal", file)));
  }
  return hash.digest("hex").slice(0, 16);
}
