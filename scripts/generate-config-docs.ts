import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configJsonSchema, configReferencePage } from "../src/config/reference.ts";

/** Writes docs/configuration.md and docs/config.schema.json; with --check it only says whether they are up to date. */
const root = new URL("../", import.meta.url);
const example = readFileSync(new URL("config.example.yaml", root), "utf8");
const pages = {
  "docs/configuration.md": configReferencePage(example),
  "docs/config.schema.json": `${JSON.stringify(configJsonSchema(), undefined, 2)}\n`,
};

for (const [path, content] of Object.entries(pages)) {
  const file = fileURLToPath(new URL(path, root));
  if (!process.argv.includes("--check")) writeFileSync(file, content);
  else if (readFileSync(file, "utf8") !== content) {
    console.error(`${path} is not up to date: run node scripts/generate-config-docs.ts`);
    process.exitCode = 1;
  }
}
