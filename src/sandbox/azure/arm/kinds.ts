// Long because it is one list of what Resource Manager does alike for every kind.
import type { AzureCloud } from "../cloud.ts";
import { AzureError, resourceNotFound } from "../errors.ts";
import { newEtag } from "../ids.ts";
import type { Json, Resource } from "../state.ts";
import type { Operations } from "./operations.ts";
import { page } from "./paging.ts";
import type { ArmAnswer, ArmRequest, Route, Service } from "./request.ts";
import { takeTags } from "./tags.ts";

/** What a write makes of a resource, and what is left to do before it is done. */
export interface Planned<F extends object> {
  readonly resource: Resource<F>;
  readonly work?: () => Promise<void>;
}

/** A kind of resource: what is particular to it. All else is the same for every kind. */
export interface Kind<F extends object> {
  readonly service: Service;
  /** `Microsoft.Compute/disks`. */
  readonly type: string;
  /** The SDK's name for the group of operations. */
  readonly collection: string;
  /** The SDK's names for the lists of a group and of the subscription. */
  readonly lists: readonly [group: string, subscription: string];
  /** PATCH carries tags only, and is answered at once. */
  readonly tagsOnly?: boolean;
  /** Nothing but GET and lists are of it. */
  readonly readOnly?: boolean;
  /** Checks the request and plans the resource; `before` is what is there of that name. @throws AzureError */
  write(request: ArmRequest, wish: Resource<F>, before: Resource<F> | undefined): Planned<F> | Promise<Planned<F>>;
  /** PATCH; without it the body is merged into what is there and written. */
  patch?(request: ArmRequest, before: Resource<F>): Planned<F> | Promise<Planned<F>>;
  /** @throws AzureError when something still uses it. */
  checkRemoval?(resource: Resource<F>): void;
  /** Does what comes with its end; its document goes afterwards. */
  remove?(resource: Resource<F>): Promise<void>;
  /** The properties as answers show them; the provisioning state is added. */
  view(resource: Resource<F>, request?: ArmRequest): Json;
  readonly actions?: Readonly<Record<string, Action<F>>>;
}

/** A POST to a resource. */
export interface Action<F extends object> {
  readonly operation: string;
  run(request: ArmRequest, resource: Resource<F>): ArmAnswer | Promise<ArmAnswer>;
}

/** Kinds differ in what they keep, and only they look at it. */
type AnyKind = Kind<object>;

/** Azure's resources: reading, listing, writing and removing them, whatever kind they are. */
export class Kinds {
  readonly cloud: AzureCloud;
  readonly operations: Operations;
  readonly #kinds = new Map<string, AnyKind>();

  constructor(cloud: AzureCloud, operations: Operations) {
    this.cloud = cloud;
    this.operations = operations;
    operations.showBy((id) => {
      const resource = cloud.tables.resources.get(id);
      return resource && this.show(resource);
    });
  }

  add<F extends object>(kind: Kind<F>): void {
    this.#kinds.set(kind.type.toLowerCase(), kind);
  }

  /** A resource's ARM id. */
  path(type: string, group: string, name: string): string {
    const [provider, ...kinds] = type.split("/");
    const names = name.split("/");
    const own = kinds.map((kind, index) => `${kind}/${names[index]}`).join("/");
    return `/subscriptions/${this.cloud.account.subscriptionId}/resourceGroups/${group}/providers/${provider}/${own}`;
  }

  /** By its ARM id, in whatever case; undefined for one that isn't there or is of another type. */
  byId<F extends object>(path: unknown, type: string): Resource<F> | undefined {
    if (typeof path !== "string") return undefined;
    const resource = this.cloud.tables.resources.get(path.toLowerCase());
    return resource?.type.toLowerCase() === type.toLowerCase() ? (resource as Resource<F>) : undefined;
  }

  /** @throws AzureError ResourceNotFound */
  find<F extends object>(type: string, { params }: ArmRequest): Resource<F> {
    const { group = "", name = "" } = params;
    const found = this.byId<F>(this.path(type, group, name), type);
    if (!found) throw resourceNotFound(type, name, group);
    return found;
  }

  of<F extends object>(type: string): Resource<F>[] {
    return this.cloud.tables.resources.where((one) => one.type.toLowerCase() === type.toLowerCase()) as Resource<F>[];
  }

  put<F extends object>(resource: Resource<F>): Resource<F> {
    return this.cloud.tables.resources.put({ ...resource, etag: newEtag() }) as Resource<F>;
  }

  show(resource: Resource, request?: ArmRequest): object {
    const kind = this.#kinds.get(resource.type.toLowerCase());
    const { path, name, type, location, tags, zones, sku, identity, provisioningState, etag } = resource;
    const properties = { ...(kind?.view(resource, request) ?? resource.properties), provisioningState };
    return {
      name: name.split("/").at(-1),
      id: path,
      type,
      location,
      tags,
      ...(zones ? { zones } : {}),
      ...(sku ? { sku } : {}),
      ...(identity ? { identity } : {}),
      ...(type.startsWith("Microsoft.Network") ? { etag } : {}),
      ...managedBy(properties),
      properties: without(properties, "managedBy"),
    };
  }

  routes(): Route[] {
    return [...this.#kinds.values()].flatMap((kind) => this.#routesOf(kind));
  }

  #routesOf(kind: AnyKind): Route[] {
    const { service, type, collection } = kind;
    const provider = `providers/${type.toLowerCase()}`;
    const one = `resourcegroups/:group/${provider}/:name`;
    const route = (verb: string, method: string, path: string, right: string, run: Route["run"]): Route => ({
      service,
      operation: `${collection}.${verb}`,
      action: `${type}/${right}`,
      method,
      path,
      run,
    });
    const reads = [
      route("get", "GET", one, "read", (request) => ({
        status: 200,
        body: this.show(this.find(type, request), request),
      })),
      route(kind.lists[0], "GET", `resourcegroups/:group/${provider}`, "read", (request) => this.#list(kind, request)),
      route(kind.lists[1], "GET", provider, "read", (request) => this.#list(kind, request)),
    ];
    if (kind.readOnly) return reads;
    const patch = kind.tagsOnly ? "updateTags" : "update";
    return [
      ...reads,
      route("createOrUpdate", "PUT", one, "write", (request) => this.#write(kind, request)),
      route(patch, "PATCH", one, "write", (request) => this.#patch(kind, request)),
      route("delete", "DELETE", one, "delete", (request) => this.#remove(kind, request)),
      ...Object.entries(kind.actions ?? {}).map(([name, action]) =>
        route(action.operation, "POST", `${one}/${name.toLowerCase()}`, `${name}/action`, (request) =>
          action.run(request, this.find(type, request)),
        ),
      ),
    ];
  }

  #list(kind: AnyKind, request: ArmRequest): ArmAnswer {
    const group = request.params.group?.toLowerCase();
    if (group !== undefined) this.checkGroup(group);
    const shown = this.of(kind.type).filter(
      (one) => (group === undefined || one.group.toLowerCase() === group) && this.cloud.isListed(one),
    );
    return page(request, shown, this.cloud.settings.pageSize, (one) => this.show(one, request));
  }

  async #write(kind: AnyKind, request: ArmRequest): Promise<ArmAnswer> {
    const { group = "", name = "" } = request.params;
    const { location } = this.checkGroup(group);
    const path = this.path(kind.type, group, name);
    const before = this.byId(path, kind.type);
    checkState(before);
    checkEtag(request, before);
    const { body } = request;
    const wish: Resource = {
      id: path.toLowerCase(),
      path: before?.path ?? path,
      type: kind.type,
      group: before?.group ?? group,
      name: before?.name ?? name,
      location: locationOf(body.location ?? before?.location ?? location),
      createdAt: before?.createdAt ?? Date.now(),
      tags: takeTags(body.tags, before?.tags, kind.type),
      ...(Array.isArray(body.zones) ? { zones: body.zones.map(String) } : {}),
      ...(body.sku ? { sku: body.sku as Json } : {}),
      ...(body.identity ? { identity: body.identity as Json } : {}),
      properties: (body.properties ?? {}) as Json,
      provisioningState: before ? "Updating" : "Creating",
      etag: newEtag(),
      facts: before?.facts ?? {},
    };
    if (before && before.location !== wish.location) {
      throw new AzureError(
        "InvalidResourceLocation",
        `The resource '${name}' already exists in location '${before.location}' in resource group '${group}'. A resource with the same name cannot be created in location '${wish.location}'.`,
        409,
      );
    }
    return this.#carryOut(request, await kind.write(request, wish, before), before ? 200 : 201);
  }

  async #patch(kind: AnyKind, request: ArmRequest): Promise<ArmAnswer> {
    const before = this.find<object>(kind.type, request);
    checkState(before);
    const { body } = request;
    const tags = body.tags === undefined ? before.tags : takeTags(body.tags, before.tags, kind.type);
    if (kind.tagsOnly) {
      const changed = this.put({ ...before, tags });
      this.operations.onSuccess(changed.id, request.method);
      return { status: 200, body: this.show(changed, request) };
    }
    const planned = kind.patch
      ? await kind.patch(request, { ...before, tags, provisioningState: "Updating" })
      : await kind.write(
          request,
          {
            ...before,
            tags,
            ...(body.sku ? { sku: body.sku as Json } : {}),
            properties: { ...before.properties, ...((body.properties ?? {}) as Json) },
            provisioningState: "Updating",
          },
          before,
        );
    return this.#carryOut(request, planned, 202);
  }

  #carryOut(request: ArmRequest, planned: Planned<object>, status: number): ArmAnswer {
    const resource = this.put(planned.resource);
    const { id, location } = resource;
    const end = (provisioningState: "Succeeded" | "Failed") => {
      const now = this.cloud.tables.resources.get(id);
      if (now && now.provisioningState !== "Deleting") this.put({ ...now, provisioningState });
    };
    const headers = this.operations.begin(request, {
      resourceId: id,
      location,
      showsResource: true,
      run: async () => {
        await planned.work?.();
        end("Succeeded");
        return undefined;
      },
      failed: () => end("Failed"),
    });
    return { status, headers, body: this.show(resource, request) };
  }

  #remove(kind: AnyKind, request: ArmRequest): ArmAnswer {
    const { group = "", name = "" } = request.params;
    const resource = this.byId<object>(this.path(kind.type, group, name), kind.type);
    if (!resource) return { status: 204 };
    kind.checkRemoval?.(resource);
    this.put({ ...resource, provisioningState: "Deleting" });
    const headers = this.operations.begin(request, {
      resourceId: resource.id,
      location: resource.location,
      showsResource: false,
      run: async () => {
        const now = this.cloud.tables.resources.get(resource.id);
        if (!now) return undefined;
        await kind.remove?.(now);
        this.cloud.tables.resources.delete(resource.id);
        return undefined;
      },
      failed: () => {
        const now = this.cloud.tables.resources.get(resource.id);
        if (now) this.put({ ...now, provisioningState: "Failed" });
      },
    });
    return { status: 202, headers };
  }

  /** @throws AzureError ResourceGroupNotFound */
  checkGroup(group: string): Resource {
    const { subscriptionId } = this.cloud.account;
    const found = this.cloud.tables.resources.get(
      `/subscriptions/${subscriptionId}/resourcegroups/${group.toLowerCase()}`,
    );
    if (found) return found;
    throw new AzureError("ResourceGroupNotFound", `Resource group '${group}' could not be found.`, 404);
  }
}

/** Azure writes a location without spaces and in lower case. */
function locationOf(location: unknown): string {
  return String(location).replaceAll(" ", "").toLowerCase();
}

function checkState(before: Resource | undefined): void {
  if (before?.provisioningState !== "Deleting") return;
  throw new AzureError("Conflict", `The resource '${before.name}' is being deleted; try again when it is gone.`, 409);
}

/** https://learn.microsoft.com/azure/azure-resource-manager/management/async-operations; RFC 9110, conditional requests. */
function checkEtag({ headers }: ArmRequest, before: Resource | undefined): void {
  const ifNoneMatch = headers["if-none-match"];
  const ifMatch = headers["if-match"];
  const unfit =
    (ifNoneMatch === "*" && before) || (ifMatch !== undefined && ifMatch !== "*" && ifMatch !== before?.etag);
  if (unfit)
    throw new AzureError("PreconditionFailed", "The precondition given in the request headers is not met.", 412);
}

function managedBy(properties: Json): object {
  return properties.managedBy === undefined ? {} : { managedBy: properties.managedBy };
}

function without(properties: Json, name: string): Json {
  const { [name]: _, ...rest } = properties;
  return rest;
}
