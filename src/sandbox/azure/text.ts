/** What a request has at a place for text; anything else counts as missing. */
export function textOf(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}
