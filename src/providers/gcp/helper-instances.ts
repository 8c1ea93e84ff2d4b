import type * as Compute from "@google-cloud/compute";
import { conflict, type Subject, unavailable } from "../failures.ts";
import { type HelperCloud, type HelperInstance, type HelperLaunch, helperMetadataKey } from "../helpers.ts";
import type { Gcp } from "./client.ts";
import { byNote, createdTags, describe, seenOf, toLabels } from "./labels.ts";
import { nameOf } from "./names.ts";
import type { GcpSnapshot } from "./snapshots.ts";

type Instance = Compute.protos.google.cloud.compute.v1.IInstance;

/** Firewall rules that let our workers reach the block service choose their targets by it. */
export const helperNetworkTag = "novacron-helper";
/** Disks appear as `google-<device name>` in /dev/disk/by-id: "Create a symlink for disks". */
export const helperDevice = "google-novacron";
const deviceName = "novacron";
const machineType = "e2-medium";
/** A released public image, where the site names none: enough for the simulation, which runs the program itself. */
const publicImage = "projects/debian-cloud/global/images/family/debian-12";
const program = "/opt/novacron/src/transfer/block-service/main.ts";

/** The image has Node and this program; the machine goes off with its session. */
const startupScript = `#!/bin/sh
attributes=http://metadata.google.internal/computeMetadata/v1/instance/attributes
NOVACRON_BLOCK_SERVICE=$(curl -sf -H 'Metadata-Flavor: Google' $attributes/${helperMetadataKey})
export NOVACRON_BLOCK_SERVICE
node ${program}
shutdown -h now
`;

/** What a helper's disk is: one that is there, or one that is made of a snapshot and goes with the helper. */
export function ofDisk(name: string): string {
  return `disk:${name}`;
}
export function ofSnapshot({ name, encryptionKey = "" }: GcpSnapshot): string {
  return `snapshot:${name}:${encryptionKey}`;
}

export class GcpHelpers implements HelperCloud {
  readonly #gcp: Gcp;

  constructor(gcp: Gcp) {
    this.#gcp = gcp;
  }

  async launch(input: HelperLaunch, signal: AbortSignal): Promise<string> {
    const { name, settings, owner } = input;
    const { zone, helperImage, helperNetwork } = this.#gcp.entry;
    const labels = toLabels(createdTags({}, name), { role: "helper", owner });
    const own = { diskName: name, sourceImage: helperImage ?? publicImage, labels };
    await this.#gcp.change(
      "instances",
      "insert",
      {
        instanceResource: {
          name,
          description: describe({ key: name }),
          labels,
          machineType: `zones/${zone}/machineTypes/${machineType}`,
          disks: [{ boot: true, autoDelete: true, initializeParams: own }, this.#disk(input, labels)],
          networkInterfaces: [
            {
              ...(helperNetwork === undefined ? { network: "global/networks/default" } : this.#subnet(helperNetwork)),
              accessConfigs: [{ name: "External NAT", type: "ONE_TO_ONE_NAT" }],
            },
          ],
          tags: { items: [helperNetworkTag] },
          metadata: {
            items: [
              { key: helperMetadataKey, value: settings },
              { key: "startup-script", value: startupScript },
            ],
          },
        },
      },
      this.#subject("start a helper instance", name),
      signal,
    );
    return name;
  }

  async *list(owner: string | undefined, signal: AbortSignal): AsyncGenerator<HelperInstance> {
    const seen = new Set<string>();
    // A disk tells at once who uses it; lists may lag, and a handle that is missed would go on writing.
    if (owner?.startsWith("g-")) {
      const subject = this.#subject("look for helper instances", owner);
      const disk = await this.#gcp.find<{ users?: readonly string[] }>(
        "disks",
        { disk: `novacron-${owner}` },
        subject,
        signal,
      );
      for (const helperId of (disk?.users ?? []).map(nameOf)) {
        if (!(await this.#ours(helperId, subject, signal))) continue;
        seen.add(helperId);
        yield { helperId, owner, ended: false };
      }
    }
    const filter = owner === undefined ? byNote("role", "helper") : byNote("owner", owner);
    const found = this.#gcp.list<Instance>(
      "instances",
      { filter },
      this.#subject("list helper instances", "all"),
      signal,
    );
    for await (const instance of found) {
      if (seen.has(instance.name ?? "") || !isHelper(instance)) continue;
      const ended = instance.status === "TERMINATED" || instance.status === "STOPPED";
      yield { helperId: instance.name ?? "", owner: seenOf(instance).notes.owner ?? "", ended };
    }
  }

  async address(helperId: string, signal: AbortSignal): Promise<string | undefined> {
    const subject = this.#subject("reach a helper instance", helperId);
    const instance = await this.#gcp.find<Instance>("instances", { instance: helperId }, subject, signal);
    if (!instance || instance.status === "TERMINATED" || instance.status === "STOPPING") {
      throw unavailable(subject, "it ended before anybody joined it, or another attempt has removed it");
    }
    if (instance.status !== "RUNNING") return undefined;
    const [nic] = instance.networkInterfaces ?? [];
    return nic?.accessConfigs?.[0]?.natIP || nic?.networkIP || undefined;
  }

  async remove(helperId: string, signal: AbortSignal): Promise<void> {
    const subject = this.#subject("remove a helper instance", helperId);
    if (!(await this.#ours(helperId, subject, signal))) return;
    await this.#gcp.drop("instances", { instance: helperId }, subject, signal);
  }

  /** Whether it is there. @throws Conflict for a VM that is no helper of ours. */
  async #ours(helperId: string, subject: Subject, signal: AbortSignal): Promise<boolean> {
    const instance = await this.#gcp.find<Instance>("instances", { instance: helperId }, subject, signal);
    if (instance && !isHelper(instance)) {
      throw conflict(subject, `VM ${helperId} is no helper instance of ours`, "Detach our disks from it.");
    }
    return instance !== undefined;
  }

  #disk({ name, diskId, write }: HelperLaunch, labels: Record<string, string>): object {
    const { zone } = this.#gcp.entry;
    const [kind, of = "", ...key] = diskId.split(":");
    if (kind === "disk") {
      const mode = write ? "READ_WRITE" : "READ_ONLY";
      return { source: `zones/${zone}/disks/${of}`, deviceName, mode, autoDelete: false };
    }
    const diskName = `${name}-d`;
    const sourceSnapshot = `global/snapshots/${of}`;
    const kmsKeyName = key.join(":");
    return {
      deviceName,
      autoDelete: true,
      ...(kmsKeyName && { diskEncryptionKey: { kmsKeyName } }),
      initializeParams: { diskName, sourceSnapshot, labels },
    };
  }

  #subnet(name: string): object {
    return { subnetwork: `regions/${this.#gcp.region}/subnetworks/${name}` };
  }

  #subject(operation: string, id: string): Subject {
    return { operation, resource: this.#gcp.resource("vm", id) };
  }
}

function isHelper(instance: Instance): boolean {
  return seenOf(instance).notes.role === "helper";
}
