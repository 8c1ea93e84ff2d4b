import { isProviderError } from "../../domain/errors.ts";
import type { Quota, QuotasFacet } from "../cloud-facets.ts";
import type { Aws } from "./client.ts";
import type { Ec2View } from "./describe.ts";
import { goneIsUndefined } from "./describe.ts";
import type { InstanceTypes } from "./instance-types.ts";

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
const volumeQuota = { quota: "volume-gib", code: "L-7A658B76", service: "ebs", type: "gp3" };
const snapshotQuota = { quota: "snapshots", code: "L-309BACF6", service: "ebs" };
const addressQuota = { quota: "addresses", code: "L-0263D0A3", service: "ec2" };

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
    const used = await this.#usedVcpus(signal);
    for (const { quota, code, families, spot } of vcpuQuotas) {
      const limit = await this.#limit("ec2", code, signal);
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
    yield* this.#storage(signal);
  }

  async *#storage(signal: AbortSignal): AsyncGenerator<Quota> {
    const subject = this.#subject("count volumes");
    const volumes = await this.#limit(volumeQuota.service, volumeQuota.code, signal);
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
    const snapshots = await this.#limit(snapshotQuota.service, snapshotQuota.code, signal);
    if (snapshots) {
      const used = (await Array.fromAsync(this.#view.snapshots([], subject, signal))).length;
      yield { quota: snapshotQuota.quota, title: snapshots.title, limit: snapshots.value, used, unit: "snapshots" };
    }
    const addresses = await this.#limit(addressQuota.service, addressQuota.code, signal);
    if (addresses) {
      const { Addresses = [] } = await this.#aws.ec2.send(
        (sdk) => new sdk.DescribeAddressesCommand({}),
        subject,
        signal,
      );
      yield {
        quota: addressQuota.quota,
        title: addresses.title,
        limit: addresses.value,
        used: Addresses.length,
        unit: "addresses",
      };
    }
  }

  /** The account's own value, or AWS's default where the account never had another; undefined where there is neither. */
  async #limit(
    ServiceCode: string,
    QuotaCode: string,
    signal: AbortSignal,
  ): Promise<{ value: number; title: string } | undefined> {
    const subject = this.#subject(`look up quota ${QuotaCode}`);
    const own = await goneIsUndefined(
      this.#aws.quotas.send((sdk) => new sdk.GetServiceQuotaCommand({ ServiceCode, QuotaCode }), subject, signal),
    );
    const answer =
      own ??
      (await goneIsUndefined(
        this.#aws.quotas.send(
          (sdk) => new sdk.GetAWSDefaultServiceQuotaCommand({ ServiceCode, QuotaCode }),
          subject,
          signal,
        ),
      ).catch((error: unknown) => {
        if (isProviderError(error, "UnsupportedCapability")) return undefined;
        throw error;
      }));
    const { Value, QuotaName = QuotaCode } = answer?.Quota ?? {};
    return Value === undefined ? undefined : { value: Value, title: QuotaName };
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
