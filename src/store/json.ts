/** The text of a JSON column. PostgreSQL can't keep U+0000 in one (console output has it at times). */
export function toJson(value: unknown): string {
  const text = JSON.stringify(value);
  // Looking at every member takes several times as long as writing all of them, and hardly any has one.
  if (!text?.includes("\\u0000")) return text;
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "string" && member.includes("\u0000") ? member.replaceAll("\u0000", "\ufffd") : member,
  );
}

/** For text columns, which can't keep U+0000 either. */
export function toText(value: string): string {
  return value.includes("\u0000") ? value.replaceAll("\u0000", "\ufffd") : value;
}
