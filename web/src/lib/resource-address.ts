export interface ResourceAddress {
  readonly site: string;
  readonly kind: string;
  readonly id: string;
}

/** `site/kind/id`, where the id may hold slashes itself. */
export function readAddress(text: string | undefined): ResourceAddress | undefined {
  const match = /^([^/]+)\/([^/]+)\/(.+)$/s.exec(text ?? "");
  if (!match) return undefined;
  const [, site = "", kind = "", id = ""] = match;
  return { site, kind, id };
}
