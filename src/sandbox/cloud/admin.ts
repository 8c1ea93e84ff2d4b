import * as z from "zod";
import { type Faults, faultOrder } from "./faults.ts";
import type { HttpFront } from "./http-front.ts";

/** What the sandbox's owner may do to a simulated cloud, beside what the cloud's own API offers. */
export interface CloudAdmin {
  readonly name: string;
  readonly faults: Faults;
  readonly front: HttpFront;
  settings(): object;
  /** @throws ZodError for what is no setting. */
  changeSettings(change: object): object;
  census(): readonly CensusEntry[];
  /** Makes something that NovaCron only lists; what it answers names it. @throws ZodError for what it can't make. */
  makeSample(order: unknown): object;
  /** Pulls the plug of a machine; false when none of that id runs. */
  crash(id: string): boolean;
}

/** One resource of a simulated cloud. */
export interface CensusEntry {
  readonly kind: string;
  readonly id: string;
  readonly region: string;
  readonly state?: string;
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
  /** It came with the account; nobody made it. */
  readonly builtIn: boolean;
  /** Anything else worth knowing about it. */
  readonly facts?: Readonly<Record<string, unknown>>;
}

export const conditionsOrder = z.strictObject({
  up: z.boolean().optional(),
  latencyMs: z.int().min(0).max(600_000).optional(),
  /** null: no limit. */
  bytesPerSecond: z.int().min(1).nullable().optional(),
});
const machine = z.strictObject({ id: z.string() });

/** Answers `METHOD /<cloud>/<what>`; undefined when there is no such thing. */
export function cloudRequest(
  cloud: CloudAdmin,
  method: string,
  rest: readonly string[],
  body: unknown,
): [number, unknown] | undefined {
  const [what = "", id = ""] = rest;
  switch (`${method} ${what}`) {
    case "GET census":
      return [200, { simulated: true, resources: cloud.census() }];
    case "GET faults":
      return [200, { faults: cloud.faults.list() }];
    case "POST faults":
      return [201, { id: cloud.faults.add(faultOrder.parse(body)) }];
    case "DELETE faults":
      cloud.faults.clear(id === "" ? undefined : Number(id));
      return [200, { faults: cloud.faults.list() }];
    case "GET conditions":
      return [200, cloud.front.conditions];
    case "POST conditions": {
      changeConditions(cloud, conditionsOrder.parse(body));
      return [200, cloud.front.conditions];
    }
    case "GET settings":
      return [200, cloud.settings()];
    case "POST settings":
      return [200, cloud.changeSettings(z.record(z.string(), z.unknown()).parse(body))];
    case "POST samples":
      return [201, cloud.makeSample(body)];
    case "POST crash": {
      const crashed = cloud.crash(machine.parse(body).id);
      return [crashed ? 200 : 404, { crashed }];
    }
    default:
      return undefined;
  }
}

export function changeConditions(cloud: CloudAdmin, order: z.output<typeof conditionsOrder>): void {
  const { bytesPerSecond, ...others } = order;
  const rate = bytesPerSecond === undefined ? {} : { bytesPerSecond: bytesPerSecond ?? undefined };
  cloud.front.change({ ...others, ...rate });
}
