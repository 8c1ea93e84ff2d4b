import { badRequest, GcpError, inUse, invalid, notReady, OperationError } from "../errors.ts";
import { regionOf } from "../places.ts";
import type { AttachedDisk, Instance } from "../state.ts";
import { type ComputeCall, type ComputeOperations, scopeOfCall } from "./call.ts";
import { describeInstance } from "./describe-instance.ts";
import { makeDisk } from "./disks.ts";
import { find, findDisk } from "./find.ts";
import { fingerprint } from "./ids.ts";
import { accessOf, checkCapacity, checkFree, metadataOf, planInstance } from "./instance-plan.ts";
import { setLabels } from "./labels.ts";
import { link, scopeOf } from "./links.ts";
import { aggregatedAnswer, listAnswer } from "./lists.ts";
import { checkedMachineType } from "./machine-types.ts";
import type { ComputeParts } from "./parts.ts";

/** What a serial port keeps: https://cloud.google.com/compute/docs/troubleshooting/viewing-serial-port-output */
const serialBytes = 2 ** 20;

export function instanceOperations(parts: ComputeParts): ComputeOperations {
  const { cloud, operations, machines } = parts;
  const { tables } = cloud;
  const named = (call: ComputeCall): Instance =>
    find(tables.instances, `${scopeOfCall(call)}/instances/${call.path.instance ?? call.path.resource}`);
  const listed = (one: Instance) => ({ id: one.id, createdAt: one.createdAt, json: describeInstance(parts, one) });
  const stopped = (call: ComputeCall): Instance => {
    const instance = named(call);
    if (instance.status === "TERMINATED") return instance;
    throw new GcpError(400, "resourceNotReady", `The instance '${link(instance.id)}' must be stopped for this.`);
  };
  const change = (call: ComputeCall, instance: Instance, fields: Partial<Instance>): object => {
    tables.instances.put({ ...instance, ...fields });
    return operations.start(call, instance);
  };
  const checkFingerprint = (given: unknown, value: unknown, what: string): void => {
    if (given === fingerprint(value)) return;
    throw new GcpError(412, "conditionNotMet", `Supplied fingerprint does not match current ${what} fingerprint.`);
  };

  operations.define("instances.insert", async ({ targetId }, pause) => {
    const instance = tables.instances.get(targetId);
    if (!instance) return;
    try {
      for (const { diskId } of instance.disks) await makeDisk(parts, diskId);
      await pause();
      for (const { diskId } of instance.disks) tables.disks.change(diskId, { status: "READY" });
      await machines.start(targetId);
    } catch (error) {
      remove(parts, targetId);
      throw error;
    }
  });
  operations.define("instances.start", async ({ targetId }, pause) => {
    await pause();
    if (tables.instances.get(targetId)?.status !== "RUNNING") await machines.start(targetId);
  });
  operations.define("instances.stop", async ({ targetId }, pause) => {
    await pause();
    if (tables.instances.get(targetId)?.status !== "TERMINATED") await machines.stop(targetId);
  });
  operations.define("instances.reset", async ({ targetId }) => {
    const instance = tables.instances.get(targetId);
    if (instance && machines.isRunning(instance)) await machines.reset(instance);
  });
  operations.define("instances.delete", async ({ targetId }, pause) => {
    await pause();
    await machines.stop(targetId);
    remove(parts, targetId);
    await cloud.collectDisks();
  });
  operations.define("instances.attachDisk", async ({ targetId, work }, pause) => {
    const instance = tables.instances.get(targetId);
    const disk = instance?.disks.find(({ diskId }) => diskId === work.diskId);
    if (!instance || !disk) return;
    try {
      await machines.plug(instance, disk);
      await pause();
    } catch (error) {
      drop(parts, targetId, disk.diskId);
      throw new OperationError(
        "INTERNAL_ERROR",
        `The disk could not be plugged in (simulated: ${(error as Error).message})`,
        500,
      );
    }
  });
  operations.define("instances.detachDisk", async ({ targetId, work }, pause) => {
    const instance = tables.instances.get(targetId);
    const disk = instance?.disks.find(({ diskId }) => diskId === work.diskId);
    await pause();
    if (!instance || !disk) return;
    await machines.unplug(instance, disk);
    drop(parts, targetId, disk.diskId);
  });

  return {
    "instances.insert": (call) => {
      const { instance, disks } = planInstance(parts, call);
      cloud.documents.together(() => {
        for (const disk of disks) tables.disks.put(disk);
        tables.instances.put(instance);
      });
      return operations.start(call, instance);
    },
    "instances.get": (call) => describeInstance(parts, named(call)),
    "instances.list": (call) =>
      listAnswer(
        cloud,
        call,
        "instance",
        tables.instances.where(({ id }) => scopeOf(id) === scopeOfCall(call)).map(listed),
      ),
    "instances.aggregatedList": (call) =>
      aggregatedAnswer(cloud, call, "instance", "instances", [...tables.instances.values()].map(listed)),
    "instances.delete": (call) => {
      const instance = named(call);
      if (instance.deletionProtection) {
        const why = "Invalid resource usage: 'Resource cannot be deleted if it's protected against deletion.'.";
        throw new GcpError(400, "invalidResourceUsage", why);
      }
      return change(call, instance, { status: "STOPPING", resume: undefined });
    },
    "instances.start": (call) => {
      const instance = named(call);
      if (instance.status === "STOPPING") throw notReady(`projects/${call.project}/${instance.id}`);
      if (instance.status !== "TERMINATED") return operations.start(call, instance);
      checkCapacity(parts, call.path.zone as string, instance.machineType);
      const { cpus } = checkedMachineType("machineType", `machineTypes/${instance.machineType}`);
      parts.quotas.check(regionOf(call.path.zone as string), instance.spot ? "PREEMPTIBLE_CPUS" : "CPUS", cpus);
      return change(call, instance, { status: "STAGING" });
    },
    "instances.stop": (call) => {
      const instance = named(call);
      if (instance.status === "TERMINATED") return operations.start(call, instance);
      return change(call, instance, { status: "STOPPING" });
    },
    "instances.reset": (call) => operations.start(call, named(call)),
    "instances.setLabels": (call) => {
      const instance = named(call);
      setLabels(tables.instances, instance, call);
      return operations.start(call, instance);
    },
    "instances.setMetadata": (call) => {
      const instance = named(call);
      checkFingerprint(call.body.fingerprint, instance.metadata, "metadata");
      return change(call, instance, { metadata: metadataOf(call.body) });
    },
    "instances.setTags": (call) => {
      const instance = named(call);
      checkFingerprint(call.body.fingerprint, instance.tags, "tags");
      const answer = change(call, instance, { tags: (call.body.items ?? []) as string[] });
      machines.refresh(({ id }) => id === instance.id);
      return answer;
    },
    "instances.setMachineType": (call) => {
      const type = checkedMachineType("machineType", call.body.machineType);
      return change(call, stopped(call), { machineType: type.name });
    },
    "instances.setDeletionProtection": (call) =>
      change(call, named(call), { deletionProtection: call.query.deletionProtection !== "false" }),
    "instances.setDiskAutoDelete": (call) => {
      const instance = named(call);
      const { deviceName, autoDelete } = call.query;
      if (!instance.disks.some((disk) => disk.deviceName === deviceName))
        throw invalid("deviceName", deviceName, "No attached disk found.");
      const disks = instance.disks.map((disk) =>
        disk.deviceName === deviceName ? { ...disk, autoDelete: autoDelete === "true" } : disk,
      );
      return change(call, instance, { disks });
    },
    "instances.attachDisk": (call) => {
      const instance = named(call);
      const disk = attachment(parts, call, instance);
      tables.disks.change(disk.diskId, { lastAttachAt: Date.now() });
      tables.instances.put({ ...instance, disks: [...instance.disks, disk] });
      return operations.start(call, instance, { diskId: disk.diskId });
    },
    "instances.detachDisk": (call) => {
      const instance = named(call);
      const { deviceName } = call.query;
      const disk = instance.disks.find((one) => one.deviceName === deviceName);
      if (!disk) throw invalid("deviceName", deviceName, `No attached disk found with device name '${deviceName}'`);
      if (disk.boot && machines.isRunning(instance))
        throw badRequest("Cannot detach the boot disk of a running instance.");
      return operations.start(call, instance, { diskId: disk.diskId });
    },
    "instances.addAccessConfig": (call) => {
      const instance = named(call);
      const wanted = call.query.networkInterface ?? "nic0";
      if (instance.nics.some(({ name, access }) => name === wanted && access))
        throw badRequest("At most one access config currently supported.");
      const access = accessOf(parts, call.body, regionOf(call.path.zone as string));
      const nics = instance.nics.map((nic) => (nic.name === wanted ? { ...nic, access } : nic));
      return changeAccess(call, instance, nics);
    },
    "instances.deleteAccessConfig": (call) => {
      const instance = named(call);
      const nics = instance.nics.map((nic) => {
        const { access: _, ...without } = nic;
        return nic.name === (call.query.networkInterface ?? "nic0") ? without : nic;
      });
      return changeAccess(call, instance, nics);
    },
    "instances.getSerialPortOutput": (call) => {
      const instance = named(call);
      const all = machines.console(instance);
      const oldest = Math.max(0, all.length - serialBytes);
      const asked = Number(call.query.start ?? oldest);
      const start = asked < 0 || asked > all.length ? oldest : Math.max(asked, oldest);
      return {
        kind: "compute#serialPortOutput",
        selfLink: link(`${instance.id}/serialPort`),
        contents: all.toString("utf8", start),
        start: String(start),
        next: String(all.length),
      };
    },
  };

  function changeAccess(call: ComputeCall, instance: Instance, nics: Instance["nics"]): object {
    const answer = change(call, instance, { nics });
    if (instance.status === "RUNNING") machines.relend(instance.id);
    return answer;
  }
}

/** What `attachDisk` asks for, checked. */
function attachment(parts: ComputeParts, { body, path }: ComputeCall, instance: Instance): AttachedDisk {
  const {
    source,
    deviceName,
    mode = "READ_WRITE",
    boot,
    autoDelete,
  } = body as {
    source?: string;
    deviceName?: string;
    mode?: AttachedDisk["mode"];
    boot?: boolean;
    autoDelete?: boolean;
  };
  if (instance.status === "STOPPING") throw notReady(instance.id);
  if (source === undefined) throw invalid("resource.source", "", "Required field 'resource.source' not specified");
  const disk = findDisk(parts.cloud, source, "resource.source");
  if (!disk.id.startsWith(`zones/${path.zone}/`))
    throw invalid("resource.source", source, "The disk is in another zone than the instance.");
  if (instance.disks.some(({ diskId }) => diskId === disk.id))
    throw inUse(`disk '${link(disk.id)}'`, link(instance.id));
  checkFree(parts, disk, mode);
  const used = new Set(instance.disks.map(({ index }) => index));
  let index = boot ? 0 : 1;
  while (used.has(index)) index++;
  if (boot && index !== 0) throw invalid("resource.boot", boot, "The instance has a boot disk.");
  const name = deviceName ?? `persistent-disk-${index}`;
  if (instance.disks.some((one) => one.deviceName === name))
    throw invalid("resource.deviceName", name, "The device name is in use.");
  return { diskId: disk.id, deviceName: name, boot: boot === true, autoDelete: autoDelete === true, mode, index };
}

/** Notes that an instance has a disk no more. */
function drop({ cloud }: ComputeParts, instanceId: string, diskId: string): void {
  const { instances, disks } = cloud.tables;
  const instance = instances.get(instanceId);
  if (!instance) return;
  disks.change(diskId, { lastDetachAt: Date.now() });
  instances.put({ ...instance, disks: instance.disks.filter((disk) => disk.diskId !== diskId) });
}

/** Removes an instance that is off, with the disks that go with it. */
function remove({ cloud, machines }: ComputeParts, instanceId: string): void {
  const { tables, documents } = cloud;
  const instance = tables.instances.get(instanceId);
  if (!instance) return;
  documents.together(() => {
    tables.instances.delete(instanceId);
    for (const { diskId, autoDelete } of instance.disks) {
      const unmade = tables.disks.get(diskId)?.status === "CREATING";
      if (autoDelete || unmade) tables.disks.delete(diskId);
      else tables.disks.change(diskId, { lastDetachAt: Date.now() });
    }
  });
  machines.forget(instance);
}
