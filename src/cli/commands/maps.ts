import { randomUUID } from "node:crypto";
import { allPages, answerOf, connectApi, type Schemas } from "../client.ts";
import { confirm } from "../confirm.ts";
import { usageError } from "../failure.ts";
import { fields, show, table } from "../output.ts";
import { readTextFile } from "../text-file.ts";
import { readCount } from "../units.ts";
import type { CommonOptions } from "./options.ts";

type MigrationMap = Schemas["MigrationMap"];

export async function listMaps(options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const maps = await allPages((cursor) =>
    answerOf(api.GET("/v1/maps", { params: { query: { limit: 200, ...(cursor ? { cursor } : {}) } } })),
  );
  await show(maps, options.output, (items) =>
    table(
      items,
      [
        { head: "NAME", value: (map) => map.name },
        { head: "FROM", value: (map) => map.from },
        { head: "TO", value: (map) => map.to },
        { head: "VERSION", align: "right", value: (map) => map.version },
        { head: "SET BY", value: (map) => map.created_by },
        { head: "AT", value: (map) => map.created_at },
      ],
      "There are no maps.",
    ),
  );
}

export async function showMap(name: string, options: CommonOptions & { version?: string }): Promise<void> {
  const { api } = connectApi(options);
  const query = options.version === undefined ? {} : { version: readCount(options.version) };
  const map = await answerOf(api.GET("/v1/maps/{id}", { params: { path: { id: name }, query } }));
  await show(map, options.output, describeMap);
}

export async function setMap(name: string, file: string, options: CommonOptions): Promise<void> {
  const { api } = connectApi(options);
  const body = await readMapFile(file);
  const params = { path: { id: name }, header: { "Idempotency-Key": randomUUID() } };
  const map = await answerOf(api.POST("/v1/maps/{id}", { params, body }));
  await show(map, options.output, (set) => `The map ${set.name} is in version ${set.version}.`);
}

export async function deleteMap(name: string, options: CommonOptions & { yes?: boolean }): Promise<void> {
  const { api } = connectApi(options);
  await confirm(`Remove the map ${name}?`, options.yes ?? false);
  const params = { path: { id: name }, header: { "Idempotency-Key": randomUUID() } };
  const removed = await answerOf(api.DELETE("/v1/maps/{id}", { params }));
  await show(removed, options.output, (map) => `The map ${map.name} is removed.`);
}

function describeMap(map: MigrationMap): string {
  const { name, version, from, to, created_by: by, created_at: at, ...content } = map;
  return fields([
    ["Name", name],
    ["Version", version],
    ["Route", `${from} → ${to}`],
    ...Object.entries(content).flatMap(([member, value]) => linesOf(member, value)),
    ["Set", `${at} by ${by}`],
  ]);
}

/** An entry a line, so that a long map can be read. */
function linesOf(member: string, value: unknown): (readonly [string, string])[] {
  const title = `${member.charAt(0).toUpperCase()}${member.slice(1).replaceAll("_", " ")}`;
  if (value === null || typeof value !== "object") return [[title, String(value)]];
  const lines = Array.isArray(value) ? value.map(String) : Object.entries(value).map(([a, b]) => `${a} → ${b}`);
  return lines.map((line, index) => [index === 0 ? title : "", line]);
}

/** The API says what is wrong with it. */
async function readMapFile(file: string): Promise<Schemas["NewMigrationMap"]> {
  const { parse } = await import("yaml");
  const read: unknown = parse(await readTextFile(file));
  if (read !== null && typeof read === "object" && !Array.isArray(read)) return read as Schemas["NewMigrationMap"];
  throw usageError(`${file} is not a map`, "Write it as the body of POST /v1/maps/{id}, in YAML or JSON.");
}
