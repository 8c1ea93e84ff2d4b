import { ProviderError } from "./errors.ts";
import type { WaveVm } from "./wave.ts";

const columns = ["vm", "from", "to", "group", "after"] as const;
type Column = (typeof columns)[number];

/**
 * The VMs of a wave as a spreadsheet has them: a head line that names the columns, commas or semicolons between fields,
 * fields in double quotes where they hold one; several names in `after` are divided by blanks.
 * @throws ProviderError InvalidInput naming the line.
 */
export function readWaveCsv(text: string): WaveVm[] {
  const [head, ...lines] = linesOf(text);
  if (!head) throw refused(1, "there is no head line", `Begin with a line such as ${columns.join(",")}.`);
  const separator = head.text.includes(";") && !head.text.includes(",") ? ";" : ",";
  const names = fieldsOf(head, separator).map((name) => name.trim().toLowerCase());
  const unknown = names.find((name) => !columns.some((column) => column === name));
  if (unknown !== undefined) throw refused(head.number, `there is a column ${unknown}`, `Use ${columns.join(", ")}.`);
  if (!names.includes("vm")) throw refused(head.number, "there is no column vm", "Name the VMs in a column vm.");
  return lines.map((line) => {
    const fields = fieldsOf(line, separator);
    if (fields.length > names.length) {
      throw refused(line.number, `it has ${fields.length} fields for ${names.length} columns`, "Correct the line.");
    }
    const values = new Map(names.map((name, index) => [name as Column, fields[index]?.trim() ?? ""]));
    const vm = values.get("vm") ?? "";
    if (vm === "") throw refused(line.number, "it names no VM", "Fill in its vm, or take the line out.");
    const after = (values.get("after") ?? "").split(/\s+/).filter(Boolean);
    const given = (["from", "to", "group"] as const).flatMap((name): [string, string][] => {
      const value = values.get(name) ?? "";
      return value === "" ? [] : [[name, value]];
    });
    return { vm, ...Object.fromEntries(given), ...(after.length > 0 ? { after } : {}) };
  });
}

interface Line {
  readonly number: number;
  readonly text: string;
}

function linesOf(text: string): Line[] {
  const withoutMark = text.startsWith("\uFEFF") ? text.slice(1) : text;
  return withoutMark
    .split(/\r\n|\n|\r/)
    .map((line, index) => ({ number: index + 1, text: line }))
    .filter((line) => line.text.trim() !== "" && !line.text.startsWith("#"));
}

function fieldsOf({ number, text }: Line, separator: string): string[] {
  const fields: string[] = [];
  let field = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (quoted && char === '"' && text[at + 1] === '"') {
      field += char;
      at += 1;
    } else if (char === '"') quoted = !quoted;
    else if (char === separator && !quoted) {
      fields.push(field);
      field = "";
    } else field += char;
  }
  if (quoted) throw refused(number, "a double quote is not closed", "Close it on the same line.");
  return [...fields, field];
}

function refused(line: number, reason: string, action: string): ProviderError {
  return new ProviderError("InvalidInput", {
    operation: "read the CSV of the wave",
    resource: `line ${line}`,
    reason,
    action,
  });
}
