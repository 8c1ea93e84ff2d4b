import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { Operation, Service } from "../../../src/sandbox/oci/operation.ts";

/** Oracle's API model as its SDK publishes it: the declarations beside the generated code, read as text. */
const packages: Readonly<Partial<Record<Service, string>>> = {
  core: "oci-core",
  identity: "oci-identity",
  limits: "oci-limits",
  workrequests: "oci-workrequests",
  objectstorage: "oci-objectstorage",
  dns: "oci-dns",
  loadbalancer: "oci-loadbalancer",
  monitoring: "oci-monitoring",
  usageapi: "oci-usageapi",
};

/** Without a package of the SDK here there is nothing to hold a service to. */
export function isPublished(service: Service): boolean {
  return packages[service] !== undefined;
}

/** Where a base class stands for one of several, the one that is simulated. */
const simulated: Readonly<Record<string, string>> = {
  AttachVolumeDetails: "AttachParavirtualizedVolumeDetails",
  VolumeAttachment: "ParavirtualizedVolumeAttachment",
  ExportImageDetails: "ExportImageViaObjectStorageTupleDetails",
  CreateZoneBaseDetails: "CreateZoneDetails",
};

interface Model {
  readonly members: ReadonlyMap<string, { readonly type: string; readonly optional: boolean }>;
  readonly enums: ReadonlyMap<string, ReadonlySet<string>>;
}

const models = new Map<string, Model>();

export function sdkFolder(service: Service): string {
  return dirname(createRequire(import.meta.url).resolve(`${packages[service]}/package.json`));
}

/** Says where a call's two bodies are not what the SDK's models say. */
export function modelComplaint(operation: Operation, taken: unknown, answered: unknown): string[] {
  if (!isPublished(operation.service)) return [];
  try {
    return compare(operation, taken, answered);
  } catch (error) {
    return [`${operation.name} could not be compared: ${String(error)}`];
  }
}

function compare(operation: Operation, taken: unknown, answered: unknown): string[] {
  const { service, name, takes, answers } = operation;
  const complaints = [
    ...(taken === undefined ? [] : takes ? check(service, takes, taken, "") : ["takes no body"]).map(
      (why) => `request: ${why}`,
    ),
    ...(answered === undefined
      ? answers
        ? ["nothing"]
        : []
      : answers
        ? check(service, listOf(answers), JSON.parse(JSON.stringify(answered)), "")
        : ["a body"]
    ).map((why) => `answer: ${why}`),
  ];
  return complaints.map((why) => `${service}:${name} ${why}`);
}

function listOf(answers: string): string {
  return answers.endsWith("[]") ? `Array<${answers.slice(0, -2)}>` : answers;
}

function check(service: Service, type: string, value: unknown, at: string): string[] {
  const wrong = (what: string) => [`${at || "it"} is ${JSON.stringify(value)?.slice(0, 80)}, ${what}`];
  const alternatives = type.split(" | ");
  if (alternatives.length > 1) {
    const all = alternatives.map((one) => check(service, one, value, at));
    return all.some((complaints) => complaints.length === 0) ? [] : (all[0] ?? []);
  }
  const list = /^Array<(.*)>$/.exec(type);
  if (list) {
    if (!Array.isArray(value)) return wrong("no list");
    return value.flatMap((item, index) => check(service, list[1] as string, item, `${at}[${index}]`));
  }
  if (type === "any") return [];
  if (type === "Date")
    return typeof value === "string" && new Date(value).toISOString() === value ? [] : wrong("no date");
  if (type === "string" || type === "number" || type === "boolean")
    return typeof value === type ? [] : wrong(`no ${type}`);
  if (type.startsWith("{")) return typeof value === "object" && value !== null ? [] : wrong("no map");
  const name = type.replace(/^model\./, "");
  const [declaredBy = "", enumName] = name.split(".");
  const values = enumName === undefined ? undefined : modelOf(service, declaredBy).enums.get(enumName);
  if (values) return values.has(String(value)) ? [] : wrong(`none of ${[...values].join(", ")}`);
  const model = modelOf(service, simulated[name] ?? name);
  if (model.members.size === 0) {
    const own = model.enums.get(name);
    return !own || own.has(String(value)) ? [] : wrong(`none of ${[...own].join(", ")}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong(`no ${name}`);
  const fields = Object.entries(value);
  return [
    ...fields.filter(([key]) => !model.members.has(key)).map(([key]) => `${at}.${key} is no member of ${name}`),
    ...[...model.members]
      .filter(([key, { optional }]) => !optional && !(key in value))
      .map(([key]) => `${at}.${key} of ${name} is missing`),
    ...fields.flatMap(([key, field]) => {
      const member = model.members.get(key);
      return member ? check(service, member.type, field, `${at}.${key}`) : [];
    }),
  ];
}

function modelOf(service: Service, name: string): Model {
  const key = `${service}/${name}`;
  const known = models.get(key);
  if (known) return known;
  const file = join(sdkFolder(service), "lib", "model", `${kebab(name)}.d.ts`);
  if (!existsSync(file)) throw new Error(`${packages[service]} has no model ${name}`);
  const text = readFileSync(file, "utf8").replaceAll(/\/\*.*?\*\//gs, "");
  const declared = new RegExp(`interface ${name}(?: extends model\\.(\\w+))? \\{(.*?)\\n\\}`, "s").exec(text);
  const inherited = declared?.[1] ? [...modelOf(service, declared[1]).members] : [];
  const members = [...(declared?.[2] ?? "").matchAll(/^ {4}"([\w-]+)"(\??):\s(.*?);$/gms)].map(
    ([, member = "", optional, type = ""]) =>
      [member, { type: type.replaceAll(/\s+/g, " ").replace(/^ ?\| /, ""), optional: optional === "?" }] as const,
  );
  const enums = [...text.matchAll(/enum (\w+) \{(.*?)\}/gs)].map(
    ([, enumName = "", body = ""]) =>
      [enumName, new Set([...body.matchAll(/= "(\w+)"/g)].map(([, value = ""]) => value))] as const,
  );
  const model = { members: new Map([...inherited, ...members]), enums: new Map(enums) };
  models.set(key, model);
  return model;
}

/** The SDK's own file names where they follow no rule. */
const files: Readonly<Record<string, string>> = {
  RRSet: "r-rset",
  UpdateRRSetDetails: "update-rr-set-details",
  PatchRRSetDetails: "patch-rr-set-details",
};

function kebab(name: string): string {
  return files[name] ?? name.replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2").toLowerCase();
}

/** Method, path and models of an operation in the SDK's client. */
export function sdkOperation(
  service: Service,
  name: string,
): { method: string; path: string; takes: string | undefined; answers: string | undefined } | undefined {
  const text = clientText(service);
  const own = `    ${name.charAt(0).toLowerCase()}${name.slice(1)}(`;
  const start = text.indexOf(`\n${own}`);
  if (start < 0) return undefined;
  const body = text.slice(start, text.indexOf("\n    }\n", start));
  const first = (pattern: RegExp) => pattern.exec(body)?.[1];
  const answers = first(/ type: "([^"]*)"/)?.replaceAll("model.", "");
  return {
    method: first(/method: "(\w+)"/) ?? "",
    path: first(/path: "([^"]*)"/) ?? "",
    takes: first(/bodyContent: [^\n]*, "(\w+)", model/),
    answers: answers?.replace(/^Array<(\w+)>$/, "$1[]"),
  };
}

const clients = new Map<Service, string>();

function clientText(service: Service): string {
  const text = clients.get(service) ?? readFileSync(join(sdkFolder(service), "lib", "client.js"), "utf8");
  clients.set(service, text);
  return text;
}
