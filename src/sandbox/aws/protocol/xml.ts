import { XmlShapeSerializer } from "@aws-sdk/core/protocols";
import type { NormalizedSchema } from "@smithy/core/schema";

const declaration = '<?xml version="1.0" encoding="UTF-8"?>\n';
/** SCHEMA.TIMESTAMP_DATE_TIME of @smithy/core. */
const dateTime = 5;

export const xmlSettings = {
  xmlNamespace: "",
  serviceNamespace: "",
  timestampFormat: { default: dateTime as typeof dateTime, useTrait: true },
  httpBindings: false,
} as const;

/**
 * The inside of the XML element of a structure, as the SDK's own serialiser writes it by the SDK's own schema. The
 * serialiser is semi-internal: the SDK's packages are pinned exactly.
 */
export function xmlMembers(schema: NormalizedSchema, value: object): string {
  const serializer = new XmlShapeSerializer(xmlSettings);
  serializer.write(schema, value);
  const element = String(serializer.flush());
  const inside = element.indexOf(">") + 1;
  return element.endsWith("/>") && inside === element.length ? "" : element.slice(inside, element.lastIndexOf("</"));
}

export function xmlDocument(name: string, namespace: string | undefined, inside: string): string {
  const attribute = namespace === undefined ? "" : ` xmlns="${namespace}"`;
  return `${declaration}<${name}${attribute}>${inside}</${name}>`;
}

export function xmlElement(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

export function escapeXml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&apos;",
  };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
