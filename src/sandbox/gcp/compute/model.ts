import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

/** Google's published description of Compute Engine, as it comes with its client library: which calls there are, what
 *  they take and what they answer. */

interface Field {
  readonly type: string;
  readonly rule?: "repeated";
  readonly keyType?: string;
}

interface Message {
  readonly fields?: Readonly<Record<string, Field>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly nested?: Readonly<Record<string, Message>>;
  readonly methods?: Readonly<Record<string, ProtoMethod>>;
}

interface ProtoMethod {
  readonly requestType: string;
  readonly responseType: string;
  readonly options?: Readonly<Record<string, string>>;
}

/** One call: `disks.insert`. */
export interface Method {
  readonly id: string;
  readonly verb: string;
  /** The path's parts behind `/compute/v1/`; `{name}` takes anything. */
  readonly path: readonly string[];
  readonly query: Readonly<Record<string, Field>>;
  readonly body: string | undefined;
  readonly response: string;
}

export interface Routed {
  readonly method: Method;
  readonly path: Readonly<Record<string, string>>;
}

const verbs = ["get", "post", "put", "patch", "delete"] as const;
const integers = new Set(["int32", "uint32", "sint32", "fixed32", "sfixed32"]);
const longs = new Set(["int64", "uint64", "sint64", "fixed64", "sfixed64"]);

export class ComputeModel {
  readonly #messages: Readonly<Record<string, Message>>;
  readonly #methods = new Map<string, Method[]>();

  constructor(messages: Readonly<Record<string, Message>>) {
    this.#messages = messages;
    for (const [service, { methods = {} }] of Object.entries(messages)) {
      for (const [name, method] of Object.entries(methods)) this.#add(`${camel(service)}.${camel(name)}`, method);
    }
  }

  /** Which call a request is, and what its path says. */
  route(verb: string, path: string): Routed | undefined {
    const parts = path.split("/").map(decodeURIComponent);
    const candidates = this.#methods.get(`${verb} ${parts.length}`) ?? [];
    for (const method of candidates) {
      if (!method.path.every((part, index) => part.startsWith("{") || part === parts[index])) continue;
      const named = method.path.flatMap((part, index) =>
        part.startsWith("{") ? [[part.slice(1, -1), parts[index] as string]] : [],
      );
      return { method, path: Object.fromEntries(named) };
    }
    return undefined;
  }

  /** What of a JSON value does not fit a message, as sentences that name the member. */
  violations(type: string, value: unknown): string[] {
    const found: string[] = [];
    this.#check(type, this.#messages, value, "", found);
    return found;
  }

  #add(id: string, { requestType, responseType, options = {} }: ProtoMethod): void {
    const verb = verbs.find((candidate) => options[`(google.api.http).${candidate}`] !== undefined);
    if (!verb) return;
    const path = (options[`(google.api.http).${verb}`] as string).replace("/compute/v1/", "").split("/");
    const bodyField = options["(google.api.http).body"];
    const { fields = {} } = this.#messages[requestType] ?? {};
    const body = bodyField === undefined ? undefined : fields[snakeToCamel(bodyField)]?.type;
    const inPath = new Set(path.filter((part) => part.startsWith("{")).map((part) => snakeToCamel(part.slice(1, -1))));
    const query = Object.fromEntries(
      Object.entries(fields).filter(([name]) => !inPath.has(name) && name !== snakeToCamel(bodyField ?? "")),
    );
    const method = { id, verb: verb.toUpperCase(), path, query, body, response: responseType };
    const key = `${method.verb} ${path.length}`;
    const others = this.#methods.get(key) ?? [];
    // Fixed parts win over names: `images/family/{family}` before `images/{image}/{…}`.
    const fixed = (one: Method) => one.path.filter((part) => !part.startsWith("{")).length;
    this.#methods.set(
      key,
      [...others, method].sort((a, b) => fixed(b) - fixed(a)),
    );
  }

  #check(type: string, around: Readonly<Record<string, Message>>, value: unknown, at: string, found: string[]): void {
    const message = around[type] ?? this.#messages[type];
    if (!message) return checkScalar(type, value, at, found);
    if (message.values) {
      if (typeof value !== "string" || !(value in message.values)) found.push(`${at} is no ${type}: ${String(value)}`);
      return;
    }
    if (!isRecord(value)) {
      found.push(`${at || type} is no object`);
      return;
    }
    const nested = message.nested ?? {};
    for (const [name, member] of Object.entries(value)) {
      if (member === undefined) continue;
      const field = message.fields?.[name];
      const path = at === "" ? name : `${at}.${name}`;
      if (!field) found.push(`${path} is no member of ${type}`);
      else if (field.keyType) {
        if (!isRecord(member)) found.push(`${path} is no map`);
        else
          for (const [key, one] of Object.entries(member))
            this.#check(field.type, nested, one, `${path}.${key}`, found);
      } else if (field.rule === "repeated") {
        if (!Array.isArray(member)) found.push(`${path} is no list`);
        else member.forEach((one, index) => this.#check(field.type, nested, one, `${path}[${index}]`, found));
      } else {
        this.#check(field.type, nested, member, path, found);
        // Enumerations come as strings whose values stand in a type beside.
        const values = nested[name.charAt(0).toUpperCase() + name.slice(1)]?.values;
        if (values && typeof member === "string" && !(member in values))
          found.push(`${path} is not one of its values: ${member}`);
      }
    }
  }
}

/** Reads it from the client library's files, and keeps what belongs to the named services. */
export function loadComputeModel(services: ReadonlySet<string>): ComputeModel {
  const file = createRequire(import.meta.url).resolve("@google-cloud/compute/build/protos/protos.json");
  let level = JSON.parse(readFileSync(file, "utf8")) as Message;
  for (const name of ["google", "cloud", "compute", "v1"]) level = level.nested?.[name] ?? {};
  const all = level.nested ?? {};
  const kept: Record<string, Message> = {};
  const keep = (name: string): void => {
    const message = all[name];
    if (!message || kept[name]) return;
    kept[name] = message;
    const walk = ({ fields = {}, nested = {} }: Message): void => {
      for (const { type } of Object.values(fields)) keep(type);
      for (const inner of Object.values(nested)) walk(inner);
    };
    walk(message);
  };
  for (const [name, message] of Object.entries(all)) {
    if (!message.methods || !services.has(camel(name))) continue;
    kept[name] = message;
    for (const { requestType, responseType } of Object.values(message.methods)) {
      keep(requestType);
      keep(responseType);
    }
  }
  return new ComputeModel(kept);
}

/** In JSON, integers of 64 bits are strings: https://protobuf.dev/programming-guides/json */
function checkScalar(type: string, value: unknown, at: string, found: string[]): void {
  const fits = longs.has(type)
    ? (typeof value === "string" && /^-?\d+$/.test(value)) || Number.isSafeInteger(value)
    : integers.has(type)
      ? Number.isInteger(value)
      : type === "bool"
        ? typeof value === "boolean"
        : type === "double" || type === "float"
          ? typeof value === "number"
          : type === "string" || type === "bytes"
            ? typeof value === "string"
            : false;
  if (!fits) found.push(`${at} is no ${type}: ${JSON.stringify(value)}`);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function camel(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

function snakeToCamel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
