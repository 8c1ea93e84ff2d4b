import type { Identity } from "../identity.ts";
import type { Route } from "./request.ts";

/** What the caller may do: https://learn.microsoft.com/rest/api/authorization/permissions/list-for-resource-group */
export function permissionRoutes(identity: Identity): Route[] {
  const run: Route["run"] = ({ caller }) => {
    const { actions, notActions, dataActions, notDataActions } = identity.rolesOf(caller);
    return { status: 200, body: { value: [{ actions, notActions, dataActions, notDataActions }] } };
  };
  return [
    {
      service: "authorization",
      operation: "permissions.listForResourceGroup",
      action: "Microsoft.Authorization/permissions/read",
      method: "GET",
      path: "resourcegroups/:group/providers/microsoft.authorization/permissions",
      run,
    },
  ];
}
