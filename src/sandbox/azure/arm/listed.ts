import { AzureError } from "../errors.ts";
import type { Kind } from "./kinds.ts";

/** What NovaCron only lists: made by the sandbox's own call (`samples.ts`). */
export const listedKinds: readonly Kind<object>[] = [
  listed("network", "Microsoft.Network/connections", "virtualNetworkGatewayConnections", ["list", "listAll"]),
  listed("compute", "Microsoft.Compute/virtualMachineScaleSets", "virtualMachineScaleSets", ["list", "listAll"]),
];

function listed(
  service: Kind<object>["service"],
  type: string,
  collection: string,
  lists: Kind<object>["lists"],
): Kind<object> {
  return {
    service,
    type,
    collection,
    lists,
    readOnly: true,
    write: () => {
      throw new AzureError("MethodNotAllowed", `The sandbox makes no ${type}.`, 405);
    },
    view: ({ properties }) => properties,
  };
}
