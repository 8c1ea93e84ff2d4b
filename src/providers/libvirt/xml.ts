import { XMLParser } from "fast-xml-parser";

/** An element: attributes as `@name`, text as `#text`, children as lists under their names without a prefix. */
export interface Element {
  readonly [name: string]: readonly Element[] | string | undefined;
}

const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: "@",
  removeNSPrefix: true,
  parseTagValue: false,
  parseAttributeValue: false,
  isArray: (_name, _path, _leaf, isAttribute) => !isAttribute,
  alwaysCreateTextNode: true,
  // libvirt writes what is not ASCII as numbers, which the parser leaves: all are decoded below, once.
  processEntities: false,
  trimValues: true,
});

/** The root element named `root`; undefined when the text holds another document. */
export function parseXml(text: string, root: string): Element | undefined {
  const document = parser.parse(text) as Element;
  return children(document, root)[0];
}

export function children(element: Element | undefined, name: string): readonly Element[] {
  const value = element?.[name];
  return Array.isArray(value) ? (value as readonly Element[]) : [];
}

/** The first element along a path of names. */
export function child(element: Element | undefined, ...path: string[]): Element | undefined {
  let current = element;
  for (const name of path) current = children(current, name)[0];
  return current;
}

export function attribute(element: Element | undefined, name: string): string | undefined {
  const value = element?.[`@${name}`];
  return typeof value === "string" ? decode(value) : undefined;
}

export function textOf(element: Element | undefined): string | undefined {
  const value = element?.["#text"];
  return typeof value === "string" && value !== "" ? decode(value) : undefined;
}

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replaceAll(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return entities[name] ?? whole;
      return String.fromCodePoint(hex === undefined ? Number(decimal) : Number.parseInt(hex, 16));
    },
  );
}

/** Text made safe as an attribute's value or an element's content. */
export function escapeXml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&apos;")
    .replaceAll("\n", "&#10;");
}
