import { tagKeys } from "../../domain/vm.ts";
import type { CensusEntry } from "../provider.ts";
import type { DigitalOcean } from "./client.ts";
import { described, describedTags } from "./described.ts";
import type { Droplets } from "./droplets.ts";
import { noteOf } from "./groups.ts";
import { managedWord, seenOf } from "./labels.ts";
import type { DigitalOceanNetwork } from "./network.ts";
import { isPoint, type PointSnapshot, pointIdOf, type Snapshots } from "./snapshots.ts";
import type { Volumes } from "./volumes.ts";
import type { WireFirewall, WireVolume } from "./wire.ts";

export interface CensusParts {
  readonly droplets: Droplets;
  readonly volumes: Volumes;
  readonly snapshots: Snapshots;
  readonly network: DigitalOceanNetwork;
}

/** Everything in the region, and of the team's firewalls, that says of itself that it is ours. */
export class Census {
  readonly #cloud: DigitalOcean;
  readonly #parts: CensusParts;

  constructor(cloud: DigitalOcean, parts: CensusParts) {
    this.#cloud = cloud;
    this.#parts = parts;
  }

  async *list(signal: AbortSignal): AsyncGenerator<CensusEntry> {
    const subject = { operation: "take the census", resource: this.#cloud.site };
    const { droplets, volumes, snapshots, network } = this.#parts;
    for await (const { id, name, tags: words } of droplets.list(managedWord, subject, signal)) {
      const { facts, tags } = seenOf(words);
      const kind = facts.role === "helper" ? "export" : "vm";
      yield { kind, id: String(id), name: facts.name ?? name, tags };
    }
    for await (const volume of volumes.all(subject, signal)) yield* volumeEntry(volume);
    const points = new Set<string>();
    for (const snapshot of await snapshots.list(subject, signal)) {
      if (snapshot.tags[tagKeys.managed] !== "true") continue;
      for (const found of entriesOf(snapshot)) {
        // A source point has a snapshot for each disk.
        if (found.kind === "source-point" && points.has(found.id)) continue;
        points.add(found.id);
        yield found;
      }
    }
    for await (const { id, name, description } of network.vpcs(subject, signal)) {
      const found = described(description);
      if (found) yield { kind: "network", id, name: found.name ?? name, tags: describedTags(found) };
    }
    for await (const firewall of network.firewalls(subject, signal)) yield* groupEntry(firewall);
  }
}

function* volumeEntry({ id, name, description, droplet_ids: users }: WireVolume): Generator<CensusEntry> {
  const found = described(description);
  if (!found) return;
  const tags = describedTags(found);
  if (found.generation !== undefined) yield { kind: "generation", id: found.generation, name, tags };
  else if (found.helper === undefined) yield { kind: "volume", id, name, tags };
  // A helper's volume goes with it; where one was left, nothing uses it.
  else if ((users ?? []).length === 0) yield { kind: "export", id, name, tags };
}

function entriesOf(snapshot: PointSnapshot): CensusEntry[] {
  const { id, name, facts, tags } = snapshot;
  const found: CensusEntry[] = [];
  if (facts.sourcePoint !== undefined && facts.released === undefined) {
    found.push({ kind: "source-point", id: facts.sourcePoint, name, tags });
  }
  if (isPoint(snapshot)) found.push({ kind: "recovery-point", id: pointIdOf(snapshot), name, tags });
  if (facts.role === "reading") found.push({ kind: "export", id, name, tags });
  return found.length > 0 ? found : [{ kind: "snapshot", id, name, tags }];
}

function* groupEntry(firewall: WireFirewall): Generator<CensusEntry> {
  const note = noteOf(firewall);
  if (!note) return;
  const tags = { ...note.tags, [tagKeys.managed]: "true", [tagKeys.key]: note.key };
  yield { kind: "security-group", id: firewall.id, name: note.name, tags };
}
