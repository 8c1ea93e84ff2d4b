import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { parse } from "yaml";

/**
 * Takes from DigitalOcean's published description of its API (a clone of github.com/digitalocean/openapi, named as the first
 * argument) what the simulation needs of it: for the operations that it answers, their requests and answers, without texts and
 * examples. Writes src/sandbox/digitalocean/generated/model.json.
 */

const operations = [
  ...["account_get", "regions_list", "sizes_list", "sshKeys_list", "actions_list", "actions_get"],
  ...["images_list", "images_get", "images_create_custom", "images_delete"],
  ...["droplets_create", "droplets_list", "droplets_get", "droplets_destroy", "droplets_list_firewalls"],
  ...["dropletActions_list", "dropletActions_post", "dropletActions_get"],
  ...["volumes_create", "volumes_list", "volumes_get", "volumes_delete", "volumeActions_post_byId"],
  ...["volumeSnapshots_create", "volumeSnapshots_list", "snapshots_list", "snapshots_get", "snapshots_delete"],
  ...["vpcs_create", "vpcs_list", "vpcs_get", "vpcs_delete"],
  ...["firewalls_create", "firewalls_list", "firewalls_get", "firewalls_update", "firewalls_delete"],
  ...["firewalls_assign_droplets", "firewalls_delete_droplets"],
  ...["reservedIPs_create", "reservedIPs_list", "reservedIPs_get", "reservedIPs_delete", "reservedIPsActions_post"],
  ...["tags_create", "tags_list", "tags_get", "tags_delete", "tags_assign_resources", "tags_unassign_resources"],
];
const kept = ["type", "required", "enum", "nullable", "pattern", "maxLength", "minimum", "maximum"] as const;

type Tree = Readonly<Record<string, unknown>>;
const [clone = ""] = process.argv.slice(2);
const root = resolve(clone, "specification");
const files = new Map<string, Tree>();
const definitions: Record<string, object> = {};

function load(file: string): Tree {
  const known = files.get(file) ?? (parse(readFileSync(file, "utf8")) as Tree);
  files.set(file, known);
  return known;
}

/** What a reference leads to, and the file that it is in. */
function follow(ref: string, from: string): { value: Tree; file: string } {
  const [path = "", pointer = ""] = ref.split("#");
  const file = path === "" ? from : resolve(dirname(from), path);
  let value = load(file);
  for (const part of pointer.split("/").filter(Boolean)) value = value[part] as Tree;
  return { value, file };
}

function resolved(value: Tree, file: string): { value: Tree; file: string } {
  return typeof value.$ref === "string" ? follow(value.$ref, file) : { value, file };
}

/** A schema without what is for people only; what is referred to stands once, under its place in the description. */
function schemaOf(value: Tree, file: string): object {
  if (typeof value.$ref === "string") {
    const [path = "", pointer = ""] = value.$ref.split("#");
    const name = `${relative(root, path === "" ? file : resolve(dirname(file), path))}#${pointer}`;
    if (!(name in definitions)) {
      definitions[name] = {};
      const target = follow(value.$ref, file);
      definitions[name] = schemaOf(target.value, target.file);
    }
    return { $ref: name };
  }
  const list = (key: string) => (value[key] as readonly Tree[] | undefined)?.map((one) => schemaOf(one, file));
  const properties = Object.entries((value.properties ?? {}) as Record<string, Tree>);
  return {
    ...Object.fromEntries(kept.filter((key) => value[key] !== undefined).map((key) => [key, value[key]])),
    ...(properties.length > 0 && {
      properties: Object.fromEntries(properties.map(([name, one]) => [name, schemaOf(one, file)])),
    }),
    ...(value.items !== undefined && { items: schemaOf(value.items as Tree, file) }),
    ...Object.fromEntries(["allOf", "anyOf", "oneOf"].flatMap((key) => (value[key] ? [[key, list(key)]] : []))),
  };
}

function jsonSchema(content: unknown, file: string): object | undefined {
  const schema = (content as Record<string, { schema?: Tree }> | undefined)?.["application/json"]?.schema;
  return schema && schemaOf(schema, file);
}

const top = join(root, "DigitalOcean-public.v2.yaml");
const found: Record<string, object> = {};
for (const [path, methods] of Object.entries(load(top).paths as Record<string, Record<string, Tree>>)) {
  for (const [method, reference] of Object.entries(methods)) {
    const { value, file } = resolved(reference, top);
    const id = String(value.operationId);
    if (!operations.includes(id)) continue;
    const parameters = ((value.parameters ?? []) as readonly Tree[]).map((one) => resolved(one, file).value);
    const body = resolved((value.requestBody ?? {}) as Tree, file);
    const request = jsonSchema(body.value.content, body.file);
    const responses = Object.entries(value.responses as Record<string, Tree>).flatMap(([status, one]) => {
      const answer = resolved(one, file);
      if (status === "default" || !status.startsWith("2")) return [];
      return [[status, jsonSchema(answer.value.content, answer.file) ?? {}]];
    });
    found[id] = {
      method: method.toUpperCase(),
      path,
      query: parameters.filter((one) => one.in === "query").map(({ name }) => name),
      ...(request && { request }),
      responses: Object.fromEntries(responses) as object,
    };
  }
}
const missing = operations.filter((id) => !(id in found));
if (missing.length > 0) throw new Error(`the description has no ${missing.join(", ")}`);
const error = schemaOf(load(join(root, "shared/models/error.yml")), join(root, "shared/models/error.yml"));
const target = new URL("../src/sandbox/digitalocean/generated/model.json", import.meta.url);
writeFileSync(target, `${JSON.stringify({ operations: found, definitions, error })}\n`);
