/**
 * Writes docs/openapi.json and the CLI's types from the route table. `--check` writes nothing and exits 1 when they
 * differ from it.
 */
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";
import { documentedApi } from "../src/api/documented.ts";

const documentFile = new URL("../docs/openapi.json", import.meta.url);
const typesFile = new URL("../src/cli/generated/api.ts", import.meta.url);

const document = documentedApi();
const wanted = [
  { file: documentFile, text: `${JSON.stringify(document, undefined, 2)}\n` },
  {
    file: typesFile,
    text: `// Generated from docs/openapi.json by scripts/generate-openapi.ts.\n${astToString(
      await openapiTS(document as Parameters<typeof openapiTS>[0]),
    )}`,
  },
];

const differing: string[] = [];
for (const { file, text } of wanted) {
  const current = await readFile(file, "utf8").catch(() => "");
  if (current === text) continue;
  differing.push(file.pathname);
  if (!process.argv.includes("--check")) await writeFile(file, text);
}
if (process.argv.includes("--check") && differing.length > 0) {
  console.error(`Out of date: ${differing.join(", ")}. Run: node scripts/generate-openapi.ts`);
  process.exitCode = 1;
}
