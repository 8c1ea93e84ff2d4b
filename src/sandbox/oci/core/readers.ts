import { type Operation, operations } from "../operation.ts";
import type { Kind, Registry } from "../registry.ts";
import type { Resource } from "../state.ts";

/** Get and list of a kind of resource. `path` is the collection's with the parameter that names one of it. */
export function readers<T extends Resource>(
  registry: Registry,
  kind: Kind<T>,
  model: string,
  path: string,
  filters: Readonly<Record<string, (resource: T) => unknown>>,
  plural = `${model}s`,
): Operation[] {
  const operation = operations("core");
  const [collection = "", parameter = ""] = path.replace("}", "").split("/{");
  return [
    operation(`Get${model}`, `GET ${path}`, { answers: model }, ({ params }) =>
      registry.one(kind, registry.find(kind, params[parameter])),
    ),
    operation(`List${plural}`, `GET ${collection}`, { answers: `${model}[]` }, (call) =>
      registry.list(call, kind, filters),
    ),
  ];
}
