import { randomUUID } from "node:crypto";
import { contains, overlaps, parseCidr } from "../cloud/ipv4.ts";
import { unusedRange } from "./addresses.ts";
import type { Handlers } from "./call.ts";
import type { DigitalOceanCloud } from "./cloud.ts";
import { conflict, DigitalOceanError, notFound, unprocessable } from "./errors.ts";
import { timestamp } from "./ids.ts";
import { isRegion, regionSlugs } from "./places.ts";
import type { Vpc } from "./state.ts";

/** RFC 1918, as `vpc.yml` of the published description asks for. */
const privateRanges = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"].map(parseCidr);

/** Gives a new team its default VPC in each region. */
export function ensureDefaultVpcs(cloud: DigitalOceanCloud): void {
  const { vpcs } = cloud.tables;
  if (vpcs.size > 0) return;
  for (const [index, region] of regionSlugs.entries()) {
    vpcs.put({
      ...{ id: randomUUID(), createdAt: Date.UTC(2026, 0, 1), builtIn: true, name: `default-${region}` },
      ...{ description: "", region, ipRange: `10.${108 + index}.0.0/20`, isDefault: true },
    });
  }
}

export function vpcHandlers(cloud: DigitalOceanCloud): Handlers {
  const { vpcs, droplets } = cloud.tables;
  const find = (id: string | undefined): Vpc => {
    const vpc = vpcs.get(id ?? "");
    if (!vpc) throw notFound();
    return vpc;
  };
  return {
    vpcs_list: () => ({ member: "vpcs", all: [...vpcs.values()].map(describe) }),
    vpcs_get: ({ path }) => ({ vpc: describe(find(path.vpc_id)) }),
    vpcs_create: ({ body }) => {
      const { name, description = "", region, ip_range } = body as Record<string, string>;
      if (region === undefined || !isRegion(region)) throw unprocessable("Region is not valid.");
      if (vpcs.find((one) => one.name === name)) throw conflict("a VPC with this name already exists");
      const ipRange = ip_range ?? unusedRange(cloud);
      checkRange(cloud, ipRange);
      const isDefault = vpcs.find((one) => one.region === region) === undefined;
      const base = { id: randomUUID(), createdAt: Date.now(), name: String(name), description };
      return { vpc: describe(vpcs.put({ ...base, region, ipRange, isDefault })) };
    },
    vpcs_delete: ({ path }) => {
      const vpc = find(path.vpc_id);
      if (vpc.isDefault) throw new DigitalOceanError(403, "Can not delete default VPCs");
      if (droplets.find(({ vpcId }) => vpcId === vpc.id)) {
        throw new DigitalOceanError(403, "Can not delete VPC with members");
      }
      vpcs.delete(vpc.id);
      return undefined;
    },
  };
}

/** @throws DigitalOceanError. */
function checkRange({ tables }: DigitalOceanCloud, range: string): void {
  const cidr = parseCidr(range);
  const isPrivate = cidr && privateRanges.some((outer) => outer && contains(outer, cidr));
  if (!cidr || !isPrivate) throw unprocessable("ip_range must be a private range of RFC 1918");
  if (cidr.prefix < 16 || cidr.prefix > 28) throw unprocessable("ip_range must be from /16 to /28");
  const other = [...tables.vpcs.values()].find(({ ipRange }) => {
    const taken = parseCidr(ipRange);
    return taken !== undefined && overlaps(taken, cidr);
  });
  if (other) throw unprocessable(`ip_range overlaps with that of the VPC ${other.name}`);
}

function describe({ id, name, description, region, ipRange, isDefault, createdAt }: Vpc): object {
  return {
    id,
    urn: `do:vpc:${id}`,
    name,
    description,
    region,
    ip_range: ipRange,
    default: isDefault,
    created_at: timestamp(createdAt),
  };
}
