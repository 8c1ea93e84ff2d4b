import { readFileSync } from "node:fs";

/** DigitalOcean's published description of its API, as `scripts/digitalocean-model.ts` takes it from there: which operations there
 *  are, what they take and what they answer. */

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly required?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly nullable?: boolean;
  readonly pattern?: string;
  readonly maxLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

export interface Operation {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly request?: Schema;
  readonly responses: Readonly<Record<string, Schema>>;
}

export interface Routed {
  readonly id: string;
  readonly operation: Operation;
  readonly path: Readonly<Record<string, string>>;
}

interface Published {
  readonly operations: Readonly<Record<string, Operation>>;
  readonly definitions: Readonly<Record<string, Schema>>;
  readonly error: Schema;
}

export class ApiModel {
  readonly #published: Published;

  constructor() {
    const file = new URL("./generated/model.json", import.meta.url);
    this.#published = JSON.parse(readFileSync(file, "utf8")) as Published;
  }

  /** Which operation a request is, and what its path says. Undefined for none; an empty list of it says the path is known. */
  route(method: string, path: string): Routed | "other method" | undefined {
    const parts = path.split("/").map(decodeURIComponent);
    let known = false;
    const found: Routed[] = [];
    for (const [id, operation] of Object.entries(this.#published.operations)) {
      const wanted = operation.path.split("/");
      if (wanted.length !== parts.length) continue;
      if (!wanted.every((part, index) => part.startsWith("{") || part === parts[index])) continue;
      known = true;
      if (operation.method !== method) continue;
      const named = wanted.flatMap((part, index) =>
        part.startsWith("{") ? [[part.slice(1, -1), parts[index] as string]] : [],
      );
      found.push({ id, operation, path: Object.fromEntries(named) as Record<string, string> });
    }
    // Fixed parts win over names.
    const [best] = found.toSorted((a, b) => Object.keys(a.path).length - Object.keys(b.path).length);
    return best ?? (known ? "other method" : undefined);
  }

  /** What of a request's body does not fit, as sentences that name the member. */
  wrongRequest({ operation }: Routed, body: unknown): string[] {
    return operation.request ? this.#violations(operation.request, body) : [];
  }

  wrongAnswer({ operation }: Routed, status: number, body: unknown): string[] {
    const schema = operation.responses[String(status)];
    if (!schema) return [`status ${status} is none of its answers`];
    return body === undefined ? [] : this.#violations(schema, body);
  }

  wrongError(body: unknown): string[] {
    return this.#violations(this.#published.error, body);
  }

  #violations(schema: Schema, value: unknown): string[] {
    const found: string[] = [];
    this.#check(schema, value, "", found);
    this.#unknownMembers(schema, value, "", found);
    return found;
  }

  #resolved(schema: Schema): Schema {
    return schema.$ref === undefined ? schema : this.#resolved(this.#published.definitions[schema.$ref] ?? {});
  }

  #check(given: Schema, value: unknown, at: string, found: string[]): void {
    const schema = this.#resolved(given);
    if (value === null && this.#takesNull(schema)) return;
    const said = typeWrong(schema, value) ?? valueWrong(schema, value);
    if (said !== undefined) found.push(`${at || "the body"} ${said}`);
    if (said !== undefined) return;
    for (const one of schema.allOf ?? []) this.#check(one, value, at, found);
    for (const variants of [schema.anyOf, schema.oneOf]) this.#checkVariants(variants, value, at, found);
    if (Array.isArray(value)) {
      if (schema.items)
        for (const [index, one] of value.entries()) this.#check(schema.items, one, `${at}[${index}]`, found);
      return;
    }
    if (!isRecord(value)) return;
    for (const name of schema.required ?? []) {
      if (value[name] === undefined) found.push(`${join(at, name)} is missing`);
    }
    for (const [name, member] of Object.entries(schema.properties ?? {})) {
      if (value[name] !== undefined) this.#check(member, value[name], join(at, name), found);
    }
  }

  /** The variant that fits best speaks. */
  #checkVariants(variants: readonly Schema[] | undefined, value: unknown, at: string, found: string[]): void {
    const tried = (variants ?? []).map((variant) => {
      const wrong: string[] = [];
      this.#check(variant, value, at, wrong);
      return wrong;
    });
    const [least] = tried.toSorted((a, b) => a.length - b.length);
    if (least) found.push(...least);
  }

  #takesNull(schema: Schema): boolean {
    if (schema.nullable === true) return true;
    const parts = [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
    return parts.some((part) => this.#takesNull(this.#resolved(part)));
  }

  /** The description closes nothing; here a member that it knows nowhere is a mistake. */
  #unknownMembers(schema: Schema, value: unknown, at: string, found: string[]): void {
    const shapes = this.#shapes(schema);
    if (Array.isArray(value)) {
      const items = shapes.flatMap((one) => one.items ?? []);
      for (const [index, one] of value.entries()) {
        if (items.length > 0) this.#unknownMembers({ allOf: items }, one, `${at}[${index}]`, found);
      }
      return;
    }
    if (!isRecord(value)) return;
    const isOpen = shapes.every(({ properties }) => properties === undefined);
    for (const [name, member] of Object.entries(value)) {
      const known = shapes.flatMap(({ properties }) => properties?.[name] ?? []);
      if (known.length > 0) this.#unknownMembers({ allOf: known }, member, join(at, name), found);
      else if (!isOpen && member !== undefined) found.push(`${join(at, name)} is no member that is described`);
    }
  }

  /** A schema and all that it is put together of. */
  #shapes(given: Schema): Schema[] {
    const schema = this.#resolved(given);
    const parts = [...(schema.allOf ?? []), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
    return [schema, ...parts.flatMap((part) => this.#shapes(part))];
  }
}

function typeWrong({ type }: Schema, value: unknown): string | undefined {
  const fits: Readonly<Record<string, boolean>> = {
    object: isRecord(value),
    array: Array.isArray(value),
    string: typeof value === "string",
    integer: Number.isInteger(value),
    number: typeof value === "number",
    boolean: typeof value === "boolean",
  };
  return type === undefined || fits[type] !== false ? undefined : `is no ${type}: ${JSON.stringify(value)}`;
}

function valueWrong(schema: Schema, value: unknown): string | undefined {
  const { enum: values, pattern, maxLength = Infinity, minimum = -Infinity, maximum = Infinity } = schema;
  if (values && !values.includes(value)) return `is not one of ${values.join(", ")}: ${String(value)}`;
  if (typeof value === "string") {
    if (value.length > maxLength) return `is longer than ${maxLength} characters`;
    if (pattern !== undefined && !new RegExp(pattern).test(value)) return `does not match ${pattern}: ${value}`;
  }
  if (typeof value === "number" && (value < minimum || value > maximum)) return `is out of its range: ${value}`;
  return undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function join(at: string, name: string): string {
  return at === "" ? name : `${at}.${name}`;
}
