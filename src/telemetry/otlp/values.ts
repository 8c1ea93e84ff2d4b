/** OTLP's JSON: ids in hex, whole numbers of 64 bits as text, moments in nanoseconds since 1970. */
export type AnyValue =
  | { readonly stringValue: string }
  | { readonly intValue: string }
  | { readonly doubleValue: number }
  | { readonly boolValue: boolean };
export interface Attribute {
  readonly key: string;
  readonly value: AnyValue;
}

/** Members that are undefined are left out; what is neither text, number nor flag goes as its JSON. */
export function attributesOf(members: Readonly<Record<string, unknown>>): Attribute[] {
  return Object.entries(members).flatMap(([key, value]) =>
    value === undefined || value === null ? [] : [{ key, value: valueOf(value) }],
  );
}

function valueOf(value: unknown): AnyValue {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value !== "number") return { stringValue: JSON.stringify(value) };
  return Number.isSafeInteger(value) ? { intValue: String(value) } : { doubleValue: value };
}

/** What is known stands in place of any fact of that name. */
export function attributesOver(facts: object | undefined, known: object): ReturnType<typeof attributesOf> {
  const defined = Object.entries(known).filter(([, value]) => value !== undefined);
  return attributesOf({ ...facts, ...Object.fromEntries(defined) });
}

/** In 2262, which is the last that 63 bits of nanoseconds reach. */
const latestMs = 9_223_372_036_000;

/** Within what a collector reads: a moment beyond that, which others may tell, would cost all that is sent with it. */
export function nanos(atMs: number): string {
  const within = Math.min(Math.max(atMs || 0, 0), latestMs);
  const whole = Math.floor(within);
  return String(BigInt(whole) * 1_000_000n + BigInt(Math.round((within - whole) * 1_000_000)));
}

/** Who tells: the same in all that one process sends. */
export interface Resource {
  /** `novacron-api`, `novacron-worker`. */
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly host: string;
}

export function resourceOf({ service, instance, version, host }: Resource) {
  return {
    attributes: attributesOf({
      "service.name": service,
      "service.instance.id": instance,
      "service.version": version,
      "host.name": host,
    }),
  };
}

export const scope = { name: "novacron" };
