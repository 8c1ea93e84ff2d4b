import { type AzureCloud, defaultGroup, defaultLocation } from "../cloud.ts";
import { AzureError, invalidParameter } from "../errors.ts";
import { newEtag } from "../ids.ts";
import type { Resource } from "../state.ts";
import { page } from "./paging.ts";
import type { ArmRequest, Route } from "./request.ts";
import { takeTags } from "./tags.ts";

const type = "Microsoft.Resources/resourceGroups";

/** Resource groups: https://learn.microsoft.com/rest/api/resources/resource-groups */
export function groupRoutes(cloud: AzureCloud): Route[] {
  const { resources } = cloud.tables;
  const idOf = (name: string) => `/subscriptions/${cloud.account.subscriptionId}/resourceGroups/${name}`;
  const find = ({ params }: ArmRequest): Resource => {
    const found = resources.get(idOf(params.group ?? "").toLowerCase());
    if (found) return found;
    throw new AzureError("ResourceGroupNotFound", `Resource group '${params.group}' could not be found.`, 404);
  };
  const show = ({ path, name, location, tags }: Resource) => ({
    id: path,
    name,
    type,
    location,
    tags,
    properties: { provisioningState: "Succeeded" },
  });
  const make = (name: string, location: string, tags: Resource["tags"]): Resource =>
    resources.put({
      id: idOf(name).toLowerCase(),
      path: idOf(name),
      type,
      group: name,
      name,
      location,
      createdAt: Date.now(),
      tags,
      properties: {},
      provisioningState: "Succeeded",
      etag: newEtag(),
      facts: {},
    });
  if (!cloud.tables.settings.has("group-made")) {
    cloud.tables.settings.put({ id: "group-made", value: true });
    make(defaultGroup, defaultLocation, {});
  }
  const route = (operation: string, method: string, path: string, right: string, run: Route["run"]): Route => ({
    service: "resources",
    operation: `resourceGroups.${operation}`,
    action: `Microsoft.Resources/subscriptions/resourceGroups/${right}`,
    method,
    path,
    run,
  });
  const one = "resourcegroups/:group";
  return [
    route("list", "GET", "resourcegroups", "read", (request) =>
      page(
        request,
        resources.where((group) => group.type === type),
        cloud.settings.pageSize,
        show,
      ),
    ),
    route("get", "GET", one, "read", (request) => ({ status: 200, body: show(find(request)) })),
    route("createOrUpdate", "PUT", one, "write", ({ params, body }) => {
      const name = params.group ?? "";
      if (!/^[-\w.()]{1,89}[-\w()]$/.test(name)) throw invalidParameter("resourceGroupName", name);
      if (typeof body.location !== "string") throw new AzureError("LocationRequired", "The location is required.");
      const before = resources.get(idOf(name).toLowerCase());
      const made = make(
        before?.name ?? name,
        body.location.replaceAll(" ", "").toLowerCase(),
        takeTags(body.tags, before?.tags),
      );
      return { status: before ? 200 : 201, body: show(made) };
    }),
    route("delete", "DELETE", one, "delete", (request) => {
      const group = find(request);
      const inside = resources.where((other) => other.type !== type && other.group === group.name);
      if (inside.length > 0)
        throw new AzureError("Conflict", `The sandbox deletes no group that holds resources: ${inside[0]?.path}.`, 409);
      resources.delete(group.id);
      return { status: 200 };
    }),
  ];
}
