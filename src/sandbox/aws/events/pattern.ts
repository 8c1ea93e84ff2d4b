import { AwsError } from "../errors.ts";

type Pattern = { readonly [name: string]: Pattern | readonly unknown[] };

/** @throws AwsError InvalidEventPatternException. */
export function parsePattern(text: string): Pattern {
  try {
    const pattern: unknown = JSON.parse(text);
    if (typeof pattern === "object" && pattern !== null && !Array.isArray(pattern)) return pattern as Pattern;
  } catch {
    // Said below.
  }
  throw new AwsError("InvalidEventPatternException", "Event pattern is not valid.");
}

/** Whether each member that the pattern names has one of the values it lists; of its operators only `prefix` is known
 *  (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html). */
export function matchesPattern(pattern: string, event: object): boolean {
  return fits(parsePattern(pattern), event);
}

function fits(pattern: Pattern, value: unknown): boolean {
  return Object.entries(pattern).every(([name, wanted]) => {
    const found = (value as Record<string, unknown> | undefined)?.[name];
    if (!Array.isArray(wanted)) return typeof found === "object" && fits(wanted as Pattern, found);
    return [found].flat().some((one) => wanted.some((each: unknown) => isOne(each, one)));
  });
}

function isOne(wanted: unknown, found: unknown): boolean {
  if (typeof wanted !== "object" || wanted === null) return wanted === found;
  const { prefix } = wanted as { prefix?: string };
  return prefix !== undefined && typeof found === "string" && found.startsWith(prefix);
}
