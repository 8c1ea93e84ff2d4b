import { answerOf, connectApi, type Schemas } from "../client.ts";
import { usageError } from "../failure.ts";
import { readCount, readPort, readSize, readTag } from "../units.ts";
import { carryOut, type RunOptions } from "./vm-operations.ts";

export interface CreateOptions extends RunOptions {
  readonly cpus: string;
  readonly memory: string;
  readonly site?: string;
  readonly region?: readonly string[];
  readonly residency?: string;
  readonly spot?: boolean;
  readonly instanceType?: string;
  readonly burstable?: boolean;
  readonly image?: string;
  readonly recoveryPoint?: string;
  readonly bootDisk?: string;
  readonly disk?: readonly string[];
  readonly architecture?: "x86_64" | "aarch64";
  readonly firmware?: "bios" | "uefi";
  readonly network?: string;
  readonly securityGroup?: readonly string[];
  readonly publicAddress?: boolean;
  readonly encryptionKey?: string;
  readonly publish?: readonly string[];
  readonly tag?: readonly string[];
  readonly stopped?: boolean;
}

type Request = Schemas["CreateVmRequest"];

/** Plans where and what, shows it with the reasons, and makes exactly that. */
export async function createVm(name: string, options: CreateOptions): Promise<void> {
  const request: Request = {
    name,
    cpus: readCount(options.cpus),
    memory_bytes: readSize(options.memory),
    ...readPlace(options),
    ...readDisks(options),
    ...readConnections(options),
    ...(options.tag ? { tags: Object.fromEntries(options.tag.map(readTag)) } : {}),
    ...(options.stopped ? { start: false } : {}),
  };
  const connected = connectApi(options);
  const plan = await answerOf(connected.api.POST("/v1/plans", { body: { kind: "create_vm", request } }));
  await carryOut(connected, plan, options);
}

function readPlace(options: CreateOptions): Partial<Request> {
  const { site, region, residency, spot, instanceType, burstable, architecture, firmware } = options;
  return {
    ...(site ? { site } : {}),
    ...(region ? { regions: [...region] } : {}),
    ...(residency ? { residency } : {}),
    ...(spot ? { spot } : {}),
    ...(instanceType ? { instance_type: instanceType } : {}),
    ...(burstable ? { burstable } : {}),
    ...(architecture ? { architecture } : {}),
    ...(firmware ? { firmware } : {}),
  };
}

function readDisks({ image, recoveryPoint, bootDisk, disk, encryptionKey }: CreateOptions): Partial<Request> {
  if (!image && !recoveryPoint && !disk) {
    throw usageError("It has nothing to boot from", "Add --image NAME, --recovery-point ID, or --disk SIZE.");
  }
  return {
    ...(image ? { image } : {}),
    ...(recoveryPoint ? { recovery_point: recoveryPoint } : {}),
    ...(bootDisk ? { boot_disk_bytes: readSize(bootDisk) } : {}),
    ...(disk ? { disks: disk.map(readDisk) } : {}),
    ...(encryptionKey ? { encryption_key: encryptionKey } : {}),
  };
}

function readConnections({ network, securityGroup, publicAddress, publish }: CreateOptions): Partial<Request> {
  return {
    ...(network ? { network } : {}),
    ...(securityGroup ? { security_groups: [...securityGroup] } : {}),
    ...(publicAddress ? { public_address: publicAddress } : {}),
    ...(publish ? { publish_ports: publish.map(readPort) } : {}),
  };
}

function readDisk(text: string): Schemas["NewDisk"] {
  const [size = "", type] = text.split(":");
  return { size_bytes: readSize(size), ...(type ? { type } : {}) };
}
