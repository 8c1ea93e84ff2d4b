/** A member of a request that is a text where it is there; requests are checked against the vendor's model before. */
export function text(value: unknown, otherwise = ""): string {
  return typeof value === "string" ? value : otherwise;
}

export function descriptionOf({ description }: Readonly<Record<string, unknown>>): { description?: string } {
  return typeof description === "string" && description !== "" ? { description } : {};
}
