import { XmlShapeSerializer } from "@aws-sdk/core/protocols";
import type { NormalizedSchema } from "@smithy/core/schema";

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
