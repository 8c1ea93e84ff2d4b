/** Holds answers to the SDKs' own reading of them, which their packages don't export. */

export type Deserialise = (body: unknown) => unknown;
export type Models = Readonly<Record<string, Deserialise>>;

/** Generated readers. */
export async function modelsOf(sdk: string, part: string): Promise<Models> {
  const path = `../../../node_modules/@azure/${sdk}/dist/esm/models/${part}/models.js`;
  return (await import(new URL(path, import.meta.url).href)) as Models;
}

/** Members of an answer that the SDK's reading of it leaves out. */
export function unread(deserialise: Deserialise, body: unknown): string[] {
  const left = new Set<string>();
  const watch = (value: object, path: string): object => {
    for (const name of Object.keys(value)) left.add(`${path}${name}`);
    return new Proxy(value, {
      get(target, name) {
        const found: unknown = Reflect.get(target, name);
        const here = `${path}${String(name)}`;
        left.delete(here);
        return typeof found === "object" && found !== null ? watch(found, `${here}.`) : found;
      },
    });
  };
  deserialise(watch(body as object, ""));
  // Of lists and maps the SDK reads what there is.
  return [...left].filter((path) => !/(^|\.)(\d+|tags\..+)$/.test(path));
}

interface Mapper {
  readonly type: {
    readonly name: string;
    readonly className?: string;
    readonly element?: Mapper;
    readonly modelProperties?: Readonly<Record<string, Mapper & { readonly serializedName: string }>>;
  };
}
export type Mappers = Readonly<Record<string, Mapper>>;

/** What older packages have instead. */
export async function mappersOf(sdk: string): Promise<Mappers> {
  const path = `../../../node_modules/@azure/${sdk}/dist-esm/src/models/mappers.js`;
  return (await import(new URL(path, import.meta.url).href)) as Mappers;
}

/** Members of an answer that its mapper does not know. */
export function unmapped(mappers: Mappers, model: string, body: unknown): string[] {
  const members = Object.values(mappers[model]?.type.modelProperties ?? {});
  const check = ({ type }: Mapper, value: unknown, at: string): string[] => {
    if (type.name === "Sequence") {
      const { element } = type;
      return element && Array.isArray(value)
        ? value.flatMap((one, index) => check(element, one, `${at}.${index}`))
        : [at];
    }
    if (type.name !== "Composite" || value === undefined) return [];
    return unmapped(mappers, type.className ?? "", value).map((member) => `${at}.${member}`);
  };
  const walk = (value: object, prefix: string): string[] =>
    Object.entries(value).flatMap(([name, inner]) => {
      const path = `${prefix}${name}`;
      const member = members.find(({ serializedName }) => serializedName === path);
      if (member) return check(member, inner, path);
      const leads = members.some(({ serializedName }) => serializedName.startsWith(`${path}.`));
      return leads && typeof inner === "object" && inner !== null ? walk(inner, `${path}.`) : [path];
    });
  return walk(body as object, "");
}
