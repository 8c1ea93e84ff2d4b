import { z } from "zod";
import { configKeys } from "./keys.ts";
import { generalPath } from "./problems.ts";
import { fileSchema } from "./schema.ts";

const scalarTypes: ReadonlySet<string> = new Set(["number", "integer", "boolean"]);

/** JSON schema (draft 2020-12) of the file as it is written, for editors. */
export function configJsonSchema(): object {
  const byAlias = new Map(
    Object.entries(configKeys).flatMap(([path, row]) => (row.aliases ?? []).map((alias) => [alias, path] as const)),
  );
  const schema = z.toJSONSchema(fileSchema, {
    io: "input",
    unrepresentable: "any",
    override({ jsonSchema, path }) {
      const key = keyOf(path);
      const row = configKeys[key] ?? configKeys[byAlias.get(key) ?? ""];
      if (row) {
        jsonSchema.description = describe(row.description, row.unit, row.effect);
        if (row.default !== undefined) jsonSchema.default = row.default;
      }
      // What has a default may be left out.
      if (jsonSchema.required) {
        const needed = jsonSchema.required.filter((name) => key === "providers[]" && name === "name");
        if (needed.length > 0) jsonSchema.required = needed;
        else delete jsonSchema.required;
      }
      // A variable may stand for any number or flag.
      if (typeof jsonSchema.type === "string" && scalarTypes.has(jsonSchema.type)) {
        const { description, default: fallback, ...rest } = jsonSchema;
        for (const member of Object.keys(jsonSchema)) delete jsonSchema[member];
        Object.assign(jsonSchema, {
          description,
          default: fallback,
          anyOf: [rest, { type: "string", pattern: "\\$\\{" }],
        });
      }
    },
  });
  return { ...schema, title: "NovaCron configuration" };
}

/** `["properties", "providers", "items", "properties", "name"]` → `providers[].name` */
function keyOf(path: readonly (string | number)[]): string {
  const parts: (string | number)[] = [];
  for (let i = 0; i < path.length; i++) {
    if (path[i] === "properties") parts.push(path[++i] ?? "");
    else if (path[i] === "items") parts.push(0);
    else return "";
  }
  return generalPath(parts);
}

function describe(description: string, unit: string | undefined, effect: { now: string } | { later: string }): string {
  const measure = unit ? ` Unit: ${unit}.` : "";
  return `${description}${measure}${"later" in effect ? ` Not yet in effect: belongs to ${effect.later}.` : ""}`;
}

/** The reference page, in Markdown. */
export function configReferencePage(example: string): string {
  const rows = Object.entries(configKeys).map(([path, row]) => {
    const effect = "now" in row.effect ? row.effect.now : `**not yet in effect**: belongs to ${row.effect.later}`;
    const also = row.aliases ? ` Also accepted as ${row.aliases.map((alias) => `\`${alias}\``).join(", ")}.` : "";
    const fallback = row.default === undefined ? "–" : `\`${row.default}\``;
    const cells = [
      `\`${path}\``,
      `${row.description}${also}`,
      row.unit ?? "–",
      fallback,
      `\`${row.example}\``,
      effect,
      row.test,
    ];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return `# Configuration

<!-- Made by scripts/generate-config-docs.ts from src/config/keys.ts; edit that. -->

One YAML file, named by \`NOVACRON_CONFIG\`. Every key is optional but a provider's \`name\`. A JSON schema for editors is in
[config.schema.json](config.schema.json): put \`# yaml-language-server: $schema=docs/config.schema.json\` on the first line.

- \`\${NAME}\` is the environment variable \`NAME\`, and must be set; \`\${NAME:-default}\` has a default, which also stands in
  for an empty variable. \`$\${\` is a literal \`\${\`.
- Durations: \`50ms\`, \`30s\`, \`5m\`, \`1h30m\`, \`2d\`. Sizes: \`512MiB\`, \`10GiB\` (powers of 2), \`1TB\` (powers of 10). Rates: a
  number is Mbps, or \`500Mbps\`, \`1Gbps\`. Fractions: \`0.9\` or \`90%\`.
- An unknown key, a variable that is not set or a bad value stops the start with one error, which names file, line, column
  and key, and the likely fix.
- A key whose effect belongs to a later part of the product is reported at start as not yet in effect.
- The values of \`credentials\` never appear in logs, errors, workflow histories or answers.

## Keys

| key | meaning | unit | default | example | effect | shown by the test |
|---|---|---|---|---|---|---|
${rows.join("\n")}

## Example

\`\`\`yaml
${example.trimEnd()}
\`\`\`
`;
}
