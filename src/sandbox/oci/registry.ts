import { createHash } from "node:crypto";
import type { Table } from "../cloud/documents.ts";
import type { OciCloud } from "./cloud.ts";
import { incorrectState, invalid, missing, notFound, OciError, relatedNotFound } from "./errors.ts";
import type { Call, Reply } from "./operation.ts";
import type { DefinedTags, Resource, Tags } from "./state.ts";
import { newOcid } from "./tenancy.ts";

/** A kind of resource, for finding one by its OCID alone. */
export interface Kind<T extends Resource> {
  /** As in its OCIDs. */
  readonly type: string;
  readonly table: Pick<Table<T>, "get" | "where">;
  readonly stateOf: (resource: T) => string;
  /** In the SDK's model. */
  readonly describe: (resource: T) => object;
}

/** A lifecycle that only time drives. */
export interface Words {
  readonly making: string;
  readonly ready: string;
  readonly ending: string;
  readonly ended: string;
}
export const provisioned: Words = {
  making: "PROVISIONING",
  ready: "AVAILABLE",
  ending: "TERMINATING",
  ended: "TERMINATED",
};

const freeformAtMost = 10;
const itemsAtMost = 1000;

/** What finding, listing and describing have in common for all kinds of resources. */
export class Registry {
  readonly cloud: OciCloud;
  readonly #kinds = new Map<string, Kind<Resource>>();

  constructor(cloud: OciCloud) {
    this.cloud = cloud;
  }

  add<T extends Resource>(kind: Kind<T>): Kind<T> {
    this.#kinds.set(kind.type, kind as unknown as Kind<Resource>);
    return kind;
  }

  kinds(): Iterable<Kind<Resource>> {
    return this.#kinds.values();
  }

  kindOf(ocid: string): Kind<Resource> | undefined {
    return this.#kinds.get(ocid.split(".")[1] ?? "");
  }

  /** What every new resource begins with. @throws OciError for a compartment or tags that can't be. */
  resource(
    type: string,
    details: {
      readonly compartmentId?: string | undefined;
      readonly displayName?: string | undefined;
      readonly freeformTags?: Tags | undefined;
      readonly definedTags?: DefinedTags | undefined;
    },
  ): Resource {
    const { compartmentId } = details;
    if (!compartmentId) throw missing("compartmentId");
    if (!this.isCompartment(compartmentId)) throw relatedNotFound(compartmentId);
    const createdAt = Date.now();
    return {
      id: newOcid(type),
      compartmentId,
      displayName:
        details.displayName ?? `${type}${new Date(createdAt).toISOString().replaceAll(/[-:T]/g, "").slice(0, 14)}`,
      freeformTags: checkTags(details.freeformTags),
      definedTags: details.definedTags ?? {},
      createdAt,
    };
  }

  isCompartment(id: string): boolean {
    const { tenancyId, compartmentId } = this.cloud.tenancy;
    return id === tenancyId || id === compartmentId;
  }

  timed(resource: Resource, words: Words, makingMs = this.cloud.settings.provisioningMs): string {
    const now = Date.now();
    if (resource.deletedAt !== undefined)
      return now - resource.deletedAt < this.cloud.settings.terminatingMs ? words.ending : words.ended;
    return now - resource.createdAt < makingMs ? words.making : words.ready;
  }

  /** One that the path names, also one that was deleted not long ago. @throws OciError NotAuthorizedOrNotFound. */
  find<T extends Resource>(kind: Kind<T>, id: string | undefined): T {
    const resource = kind.table.get(id ?? "");
    if (!resource || !this.isVisible(resource)) throw notFound();
    return resource;
  }

  /** One that the path names, to be changed. @throws OciError also when it is gone, or is not what `if-match` says. */
  live<T extends Resource>(call: Call, kind: Kind<T>, id: string | undefined): T {
    const resource = this.find(kind, id);
    if (resource.deletedAt !== undefined) {
      if (Date.now() - resource.deletedAt >= this.cloud.settings.terminatingMs) throw notFound();
      throw incorrectState(resource.id, kind.stateOf(resource), "AVAILABLE");
    }
    const wanted = call.headers["if-match"];
    if (wanted !== undefined && wanted !== this.etag(kind, resource))
      throw new OciError(412, "NoEtagMatch", "The resource was changed since its entity tag was read.");
    return resource;
  }

  /** One that the body names. @throws OciError RelatedResourceNotAuthorizedOrNotFound. */
  related<T extends Resource>(kind: Kind<T>, id: string | undefined, parameter: string): T {
    if (!id) throw missing(parameter);
    const resource = kind.table.get(id);
    if (!resource || resource.deletedAt !== undefined) throw relatedNotFound(id);
    return resource;
  }

  /** Throws IncorrectState unless the resource is in one of the states. */
  demand<T extends Resource>(kind: Kind<T>, resource: T, ...states: readonly string[]): T {
    const state = kind.stateOf(resource);
    if (!states.includes(state)) throw incorrectState(resource.id, state, states.join(" or "));
    return resource;
  }

  etag<T extends Resource>(kind: Kind<T>, resource: T): string {
    return createHash("sha256")
      .update(JSON.stringify(kind.describe(resource)))
      .digest("hex")
      .slice(0, 32);
  }

  one<T extends Resource>(kind: Kind<T>, resource: T, headers: Reply["headers"] = {}): Reply {
    return { body: kind.describe(resource), headers: { etag: this.etag(kind, resource), ...headers } };
  }

  /**
   * A page of what the caller may see, newest first: of a compartment, and with what the query asks for. `fields` are
   * the query's further filters.
   */
  list<T extends Resource>(
    call: Call,
    kind: Kind<T>,
    fields: Readonly<Record<string, (resource: T) => unknown>>,
  ): Reply {
    const compartmentId = call.query.get("compartmentId");
    if (compartmentId === null) throw missing("compartmentId");
    if (!this.isCompartment(compartmentId)) throw notFound("compartment");
    const filters: Readonly<Record<string, (resource: T) => unknown>> = {
      displayName: ({ displayName }) => displayName,
      lifecycleState: (resource) => kind.stateOf(resource),
      ...fields,
    };
    const shown = kind.table.where(
      (resource) =>
        resource.compartmentId === compartmentId &&
        this.isVisible(resource) &&
        Object.entries(filters).every(([name, valueOf]) => {
          const wanted = call.query.get(name);
          return wanted === null || wanted === String(valueOf(resource));
        }),
    );
    const byName = call.query.get("sortBy") === "DISPLAYNAME";
    const order = call.query.get("sortOrder") ?? (byName ? "ASC" : "DESC");
    shown.sort((a, b) => (byName ? a.displayName.localeCompare(b.displayName) : a.createdAt - b.createdAt));
    if (order === "DESC") shown.reverse();
    const { items, headers } = this.page(call, shown, ({ id }) => id);
    return { body: items.map(kind.describe), headers };
  }

  /** One page of a list: https://docs.oracle.com/en-us/iaas/Content/API/Concepts/usingapi.htm#nine */
  page<T>(call: Call, all: readonly T[], nameOf: (item: T) => string): { items: T[]; headers: Reply["headers"] } {
    const limit = Number(call.query.get("limit") ?? this.cloud.settings.pageItems);
    if (!Number.isInteger(limit) || limit < 1 || limit > itemsAtMost)
      throw invalid("limit", `must be between 1 and ${itemsAtMost}`);
    const token = call.query.get("page");
    const start = token === null ? 0 : pageStart(token, all.map(nameOf));
    const items = all.slice(start, start + limit);
    const last = items.at(-1);
    const more = last !== undefined && start + limit < all.length;
    return { items, headers: more ? { "opc-next-page": pageToken(start + limit, nameOf(last)) } : {} };
  }

  isVisible({ deletedAt }: Resource): boolean {
    const { terminatingMs, terminatedVisibleMs } = this.cloud.settings;
    return deletedAt === undefined || Date.now() - deletedAt < terminatingMs + terminatedVisibleMs;
  }
}

/** Both what came last and how many went before it: of a list that shrank meanwhile nothing is left out. */
function pageToken(position: number, last: string): string {
  return Buffer.from(JSON.stringify([position, last])).toString("base64url");
}

function pageStart(token: string, names: readonly string[]): number {
  try {
    const [position, last] = JSON.parse(Buffer.from(token, "base64url").toString("utf8")) as [number, string];
    const index = names.indexOf(last);
    return index >= 0 ? index + 1 : position;
  } catch {
    throw invalid("page", "is no page of this list");
  }
}

/** https://docs.oracle.com/en-us/iaas/Content/Tagging/Concepts/taggingoverview.htm#limits */
export function checkTags(tags: Tags = {}): Tags {
  const entries = Object.entries(tags);
  if (entries.length > freeformAtMost)
    throw invalid(
      "freeformTags",
      `a resource has at most ${freeformAtMost} free-form tags, and there are ${entries.length}`,
    );
  for (const [key, value] of entries) {
    if (!/^[\x21-\x2d\x2f-\x7e]{1,100}$/.test(key))
      throw invalid("freeformTags", `the key ${JSON.stringify(key)} is not allowed`);
    if (typeof value !== "string" || value.length > 256)
      throw invalid("freeformTags", `the value of ${key} is not allowed`);
  }
  return tags;
}

/** What every describing answer begins with. */
export function common({ id, compartmentId, displayName, freeformTags, definedTags, createdAt }: Resource) {
  return { id, compartmentId, displayName, freeformTags, definedTags, timeCreated: new Date(createdAt) };
}

/** The part of an update that all kinds share. */
export function renamed(details: {
  readonly displayName?: string | undefined;
  readonly freeformTags?: Tags | undefined;
  readonly definedTags?: DefinedTags | undefined;
}): Partial<Resource> {
  return {
    ...(details.displayName === undefined ? {} : { displayName: details.displayName }),
    ...(details.freeformTags === undefined ? {} : { freeformTags: checkTags(details.freeformTags) }),
    ...(details.definedTags === undefined ? {} : { definedTags: details.definedTags }),
  };
}
