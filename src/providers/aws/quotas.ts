import type { Quota, QuotasFacet } from "../cloud-facets.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import type { InstanceTypes } from "./instance-types.ts";
import { type QuotaLimit, quotaLimits } from "./quota-limits.ts";

const gibPerTib = 1_024;

interface VcpuQuota {
  readonly quota: string;
  readonly code: string;
  /** The beginnings of the families that share it, as Service Quotas names them. */
  readonly families: readonly string[];
  readonly spot: boolean;
}

/** "On-Demand Instance quotas" and "Spot Instance quotas" in the EC2 user guide: vCPUs of all running instances together. */
const vcpuQuotas: readonly VcpuQuota[] = [
  { quota: "vcpus", code: "L-1216C47A", families: ["a", "c", "d", "h", "i", "m", "r", "t", "z"], spot: false },
  { quota: "vcpus-f", code: "L-74FC7D96", families: ["f"], spot: false },
  { quota: "vcpus-g-vt", code: "L-DB2E81BA", families: ["g", "vt"], spot: false },
  { quota: "vcpus-inf", code: "L-1945791B", families: ["inf"], spot: false },
  { quota: "vcpus-p", code: "L-417A185B", families: ["p"], spot: false },
  { quota: "vcpus-trn", code: "L-2C3B7624", families: ["trn"], spot: false },
  { quota: "vcpus-x", code: "L-7295265B", families: ["x"], spot: false },
  { quota: "vcpus-u", code: "L-43DA4232", families: ["u"], spot: false },
  { quota: "spot-vcpus", code: "L-34B43A08", families: ["a", "c", "d", "h", "i", "m", "r", "t", "z"], spot: true },
];

/** "Amazon EBS quotas": of gp3, which new volumes are. */
const volumeQuota = { quota: "volume-gib", code: "L-7A658B76", type: "gp3" };
const snapshotQuota = { quota: "snapshots", code: "L-309BACF6" };
const addressQuota = { quota: "addresses", code: "L-0263D0A3" };

export class AwsQuotas implements QuotasFacet {
  readonly #aws: Aws;
  readonly #view: Ec2View;
  readonly #types: InstanceTypes;

  constructor(aws: Aws, parts: { view: Ec2View; types: InstanceTypes }) {
    this.#aws = aws;
    this.#view = parts.view;
    this.#types = parts.types;
  }

  async *listQuotas(signal: AbortSignal): AsyncGenerator<Quota> {
    const ofEc2 = [...vcpuQuotas, addressQuota].map(({ code }) => code);
    const ofEbs = [volumeQuota, snapshotQuota].map(({ code }) => code);
    const [ec2, ebs, used] = await Promise.all([
      quotaLimits(this.#aws, "ec2", ofEc2, signal),
      quotaLimits(this.#aws, "ebs", ofEbs, signal),
      this.#usedVcpus(signal),
    ]);
    for (const { quota, code, families, spot } of vcpuQuotas) {
      const limit = ec2.get(code);
      if (!limit) continue;
      const mine = used.filter((vm) => vm.spot === spot && families.includes(familyLetters(vm.type)));
      yield {
        quota,
        title: limit.title,
        limit: limit.value,
        used: mine.reduce((sum, { vcpus }) => sum + vcpus, 0),
        unit: "vCPUs",
        capacityType: spot ? "spot" : "on-demand",
        instanceFamilies: await this.#familiesOf(families, signal),
      };
    }
    yield* this.#storage(ebs, signal);
    yield* this.#publicAddresses(ec2, signal);
  }

  async *#storage(limits: ReadonlyMap<string, QuotaLimit>, signal: AbortSignal): AsyncGenerator<Quota> {
    const subject = this.#subject("count volumes");
    const volumes = limits.get(volumeQuota.code);
    if (volumes) {
      let gib = 0;
      const filter = [{ Name: "volume-type", Values: [volumeQuota.type] }];
      for await (const { Size = 0 } of this.#view.volumes(filter, subject, signal)) gib += Size;
      // Service Quotas counts it in TiB.
      yield {
        quota: volumeQuota.quota,
        title: volumes.title,
        limit: volumes.value * gibPerTib,
        used: gib,
        unit: "GiB",
      };
    }
    const snapshots = limits.get(snapshotQuota.code);
    if (snapshots) {
      const used = (await Array.fromAsync(this.#view.snapshots([], subject, signal))).length;
      yield { quota: snapshotQuota.quota, title: snapshots.title, limit: snapshots.value, used, unit: "snapshots" };
    }
  }

  async *#publicAddresses(limits: ReadonlyMap<string, QuotaLimit>, signal: AbortSignal): AsyncGenerator<Quota> {
    const addresses = limits.get(addressQuota.code);
    if (!addresses) return;
    const subject = this.#subject("count addresses");
    const { Addresses = [] } = await this.#aws.ec2.send((sdk) => new sdk.DescribeAddressesCommand({}), subject, signal);
    yield {
      quota: addressQuota.quota,
      title: addresses.title,
      limit: addresses.value,
      used: Addresses.length,
      unit: "addresses",
    };
  }

  async #usedVcpus(signal: AbortSignal) {
    const subject = this.#subject("count vCPUs");
    const counted = { Name: "instance-state-name", Values: ["pending", "running"] };
    const used: { type: string; vcpus: number; spot: boolean }[] = [];
    for await (const { InstanceType = "", CpuOptions, InstanceLifecycle } of this.#view.instances(
      [counted],
      subject,
      signal,
    )) {
      const vcpus = (CpuOptions?.CoreCount ?? 1) * (CpuOptions?.ThreadsPerCore ?? 1);
      used.push({ type: InstanceType, vcpus, spot: InstanceLifecycle === "spot" });
    }
    return used;
  }

  async #familiesOf(letters: readonly string[], signal: AbortSignal): Promise<string[]> {
    const families = new Set<string>();
    for await (const { family } of this.#types.list(signal)) {
      if (letters.includes(familyLetters(family))) families.add(family);
    }
    return [...families].sort();
  }

  #subject(operation: string) {
    return { operation, resource: this.#aws.site };
  }
}

/** `m6i.large` → `m`; `inf2.xlarge` → `inf`; `u-6tb1.metal` → `u`. */
function familyLetters(type: string): string {
  return /^[a-z]+/.exec(type)?.[0] ?? type;
}
