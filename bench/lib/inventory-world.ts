import type { Place, Resource, ResourceKind } from "../../src/domain/resource.ts";
import { seededRandom } from "./random.ts";

/** A made-up estate of many sites: names, tags, sizes and prices are spread as in large accounts, and repeat with the seed. */

interface Share {
  readonly kind: ResourceKind;
  readonly share: number;
}
const shares: readonly Share[] = [
  { kind: "vm", share: 0.4 },
  { kind: "volume", share: 0.4 },
  { kind: "snapshot", share: 0.12 },
  { kind: "image", share: 0.03 },
  { kind: "subnet", share: 0.02 },
  { kind: "security-group", share: 0.02 },
  { kind: "address", share: 0.01 },
];
const providers = ["aws", "azure", "gcp", "oci"] as const;
const regionsEach = 5;
export const teams = 200;
const words = [
  ..."shop cart search billing ledger report ingest stream batch cache session profile catalog price order stock".split(
    " ",
  ),
  ..."mail notify audit login gateway proxy metric trace build deploy backup archive image video media chat voice".split(
    " ",
  ),
] as const;
export const apps = words.flatMap((word) => Array.from({ length: 20 }, (_, index) => `${word}-${index}`));
const sizes = [
  ["small", 1, 2, 9],
  ["medium", 2, 4, 30],
  ["large", 2, 8, 70],
  ["xlarge", 4, 16, 140],
  ["2xlarge", 8, 32, 280],
  ["4xlarge", 16, 64, 560],
  ["16xlarge", 64, 256, 2_240],
] as const;
const day = 86_400_000;

export const places: readonly Place[] = providers.flatMap((provider) =>
  Array.from({ length: regionsEach }, (_, index) => ({
    site: `${provider}-region-${index + 1}`,
    provider,
    region: `region-${index + 1}`,
  })),
);

export interface Portion {
  readonly place: Place;
  readonly kind: ResourceKind;
  readonly count: number;
}

/** Who has how much of what, so many in all. */
export function portions(resources: number): Portion[] {
  return places.flatMap((place) =>
    shares.map(({ kind, share }) => ({ place, kind, count: Math.round((resources * share) / places.length) })),
  );
}

/** The portion's resources as of a version: one in `changing` is otherwise than in the version before. */
export function* resourcesOf(
  { place, kind, count }: Portion,
  { seed, now, version, changing }: { seed: number; now: number; version: number; changing: number },
): Generator<Resource> {
  for (let index = 0; index < count; index++) {
    const random = seededRandom(seed * 7_919 + hashOf(`${place.site}/${kind}/${index}`));
    // Drawn always: the rest of it stays as it was.
    const changed = Math.floor(random() * changing) === 0 && version > 0;
    yield resourceOf({ place, kind, index, now, random, changed });
  }
}

export function idOf(place: Place, kind: ResourceKind, index: number): string {
  return `${kind}-${hashOf(`${place.site}/${kind}/${index}`).toString(16).padStart(8, "0")}-${index}`;
}

function resourceOf(about: {
  place: Place;
  kind: ResourceKind;
  index: number;
  now: number;
  random: () => number;
  changed: boolean;
}): Resource {
  const { place, kind, index, now, random, changed } = about;
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const app = pick(apps);
  const env = random() < 0.2 ? "prod" : random() < 0.4 ? "test" : "dev";
  const tags: Record<string, string> =
    random() < 0.05
      ? { "aws:created-by": "console" }
      : {
          app,
          env,
          team: `team-${Math.floor(random() * teams)}`,
          "cost-center": `${1_000 + Math.floor(random() * 500)}`,
        };
  const resourceId = idOf(place, kind, index);
  const createdAt = new Date(now - Math.floor(random() * 900) * day).toISOString();
  const [type, cpus, gib, dollars] = pick(sizes);
  const gb = 10 + Math.floor(random() * 500);
  const stopped = random() < 0.2;
  const stateSince = new Date(now - Math.floor(random() ** 3 * 400 * day)).toISOString();
  const attached = random() < 0.9;
  const base = { ...place, kind, resourceId, name: `${app}-${env}-${index}`, createdAt, tags };
  const note = changed ? { note: "changed" } : {};
  const document = { resource_id: resourceId, tags, ...note };
  const address = `10.${index % 250}.${Math.floor(index / 250) % 250}.${Math.floor(random() * 250)}`;
  if (kind === "vm") {
    const disks = [{ volume_id: `volume-${index}`, size_bytes: gb * 2 ** 30, boot: true }];
    const nics = [{ network_id: `subnet-${index % 40}`, private_address: address }];
    return {
      ...{ ...base, type, cpus, memoryBytes: gib * 2 ** 30, sizeBytes: gb * 2 ** 30, stateSince },
      ...{ state: stopped ? "stopped" : "running", document: { ...document, instance_type: type, cpus, disks, nics } },
      // One in fifty has a size that no price list knows.
      ...(random() < 0.02 ? {} : { monthlyCostMicros: stopped ? 0 : dollars * 1e6 + Math.floor(random() * 1e6) }),
    };
  }
  if (kind === "volume")
    return {
      ...{ ...base, type: "ssd", sizeBytes: gb * 2 ** 30, monthlyCostMicros: gb * 80_000, inUse: attached },
      ...{ state: attached ? "in-use" : "available", document: { ...document, size_bytes: gb * 2 ** 30 } },
    };
  return { ...base, state: "available", sizeBytes: gb * 2 ** 30, document: { ...document, address } };
}

/** FNV-1a. */
function hashOf(text: string): number {
  let hash = 2_166_136_261;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619);
  return hash >>> 0;
}
