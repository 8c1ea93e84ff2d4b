import type { Kinds } from "../arm/kinds.ts";
import type { Grants } from "../disks/grants.ts";
import { AzureError, invalidParameter, operationNotAllowed, propertyChangeNotAllowed } from "../errors.ts";
import { newEtag } from "../ids.ts";
import { idOf } from "../network/lists.ts";
import type { Disk, DiskFacts, Json, Vm } from "../state.ts";
import { textOf } from "../text.ts";
import type { DiskContents } from "./disk-contents.ts";
import { diskState } from "./disk-views.ts";
import { type DiskParts, diskType, planDisk } from "./disks.ts";
import { imageSource, imageType } from "./images.ts";
import type { VmSize } from "./sizes.ts";

interface Profile {
  readonly imageReference?: Json;
  readonly osDisk?: Json;
  readonly dataDisks?: readonly Json[];
}

/** The disks that a VM asks for: those it attaches, and those made with it. */
export class VmDisks {
  readonly #parts: DiskParts;
  readonly #kinds: Kinds;
  readonly #contents: DiskContents;
  readonly #grants: Grants;

  constructor(parts: DiskParts) {
    this.#parts = parts;
    this.#kinds = parts.kinds;
    this.#contents = parts.contents;
    this.#grants = parts.grants;
  }

  /** Checks a storage profile; `complete` makes what it wants made. @throws AzureError */
  plan(vm: Vm, size: VmSize, before?: Vm): { storageProfile: Json; complete: () => Promise<void> } {
    const profile = (vm.properties.storageProfile ?? {}) as Profile;
    const old = (before?.properties.storageProfile ?? {}) as Profile;
    if (!profile.osDisk) throw invalidParameter("storageProfile.osDisk", "it is missing");
    const made: (() => Promise<void>)[] = [];
    const osDisk =
      profile.osDisk.managedDisk === undefined && old.osDisk
        ? old.osDisk
        : this.#one(vm, profile.osDisk, { made, profile, old: old.osDisk, name: `${vm.name}_OsDisk_1` });
    if (before && idOf(osDisk.managedDisk) !== idOf(old.osDisk?.managedDisk) && before.facts.power !== "deallocated")
      throw propertyChangeNotAllowed("osDisk.managedDisk.id");
    this.#checkGeneration(osDisk, size);
    const dataDisks = (profile.dataDisks ?? []).map((disk, index) => {
      if (!Number.isInteger(disk.lun)) throw invalidParameter(`dataDisks[${index}].lun`, String(disk.lun));
      const known = old.dataDisks?.find((other) => other.lun === disk.lun);
      return this.#one(vm, disk, { made, profile, old: known, name: `${vm.name}_DataDisk_${String(disk.lun)}` });
    });
    if (dataDisks.length > size.dataDisks) {
      throw operationNotAllowed(
        `The maximum number of data disks allowed to be attached to a VM of this size is ${size.dataDisks}.`,
      );
    }
    if (new Set(dataDisks.map(({ lun }) => lun)).size < dataDisks.length)
      throw invalidParameter("dataDisks.lun", "every data disk needs a LUN of its own");
    return {
      storageProfile: { ...profile, osDisk, dataDisks },
      complete: async () => {
        for (const make of made) await make();
      },
    };
  }

  #one(
    vm: Vm,
    disk: Json,
    {
      made,
      profile,
      old,
      name,
    }: { made: (() => Promise<void>)[]; profile: Profile; old: Json | undefined; name: string },
  ): Json {
    const id = idOf(disk.managedDisk);
    if (id !== undefined && (disk.createOption === "Attach" || id === idOf(old?.managedDisk))) {
      this.#checkAttach(vm, id);
      const found = this.#kinds.byId<DiskFacts>(id, diskType);
      return { ...disk, name: found?.name, managedDisk: { ...(disk.managedDisk as Json), id: found?.path } };
    }
    if (disk.createOption === "Attach") throw invalidParameter("managedDisk.id", "a disk to attach is named by its id");
    const own = textOf(disk.name, name);
    const path = this.#kinds.path(diskType, vm.group, own);
    const managed = (disk.managedDisk ?? {}) as Json;
    const { osType, generation, data } = this.#source(disk, profile);
    const wish: Disk = {
      id: path.toLowerCase(),
      path,
      type: diskType,
      group: vm.group,
      name: own,
      location: vm.location,
      createdAt: Date.now(),
      tags: vm.tags,
      ...(vm.zones ? { zones: vm.zones } : {}),
      sku: { name: managed.storageAccountType ?? "Premium_LRS" },
      properties: {
        ...(osType === undefined ? {} : { osType, hyperVGeneration: generation }),
        ...(disk.diskSizeGB === undefined ? {} : { diskSizeGB: disk.diskSizeGB }),
        ...(managed.diskEncryptionSet ? { encryption: { diskEncryptionSetId: idOf(managed.diskEncryptionSet) } } : {}),
        creationData: data,
      },
      provisioningState: "Creating",
      etag: newEtag(),
      facts: { diskId: this.#kinds.byId<DiskFacts>(path, diskType)?.facts.diskId } as DiskFacts,
    };
    const { resource, work } = planDisk(this.#parts, wish);
    made.push(async () => {
      this.#kinds.put(resource);
      await work?.();
      const now = this.#kinds.cloud.tables.resources.get(resource.id);
      if (now) this.#kinds.put({ ...now, provisioningState: "Succeeded" });
    });
    return {
      deleteOption: "Detach",
      ...disk,
      name: own,
      managedDisk: { storageAccountType: wish.sku?.name, id: path },
    };
  }

  #source(disk: Json, { imageReference }: Profile): { osType?: string; generation?: string; data: Json } {
    if (disk.createOption === "Empty") return { data: { createOption: "Empty" } };
    if (disk.createOption !== "FromImage") throw invalidParameter("createOption", String(disk.createOption));
    if (!imageReference) throw invalidParameter("storageProfile.imageReference", "it is missing");
    const own = this.#kinds.byId<object>(imageReference.id, imageType);
    if (own) {
      return imageSource(own, disk.lun);
    }
    const [publisher, offer, sku, version] = ["publisher", "offer", "sku", "version"].map((name) =>
      textOf(imageReference[name]),
    );
    const base = this.#parts.image.path.split("/Publishers/")[0];
    const path = `${base}/Publishers/${publisher}/ArtifactTypes/VMImage/Offers/${offer}/Skus/${sku}/Versions/${version}`;
    this.#parts.image.check(path);
    return {
      osType: "Linux",
      generation: "V1",
      data: { createOption: "FromImage", imageReference: { id: this.#parts.image.path } },
    };
  }

  #checkAttach(vm: Vm, id: string): void {
    const disk = this.#kinds.byId<DiskFacts>(id, diskType);
    if (!disk) throw new AzureError("ResourceNotFound", `The disk '${id}' was not found.`, 404);
    const holder = disk.properties.managedBy;
    if (typeof holder === "string" && holder.toLowerCase() !== vm.id) {
      throw new AzureError(
        "ConflictingUserInput",
        `Disk '${disk.name}' cannot be attached as the disk is already owned by VM '${holder}'.`,
        409,
      );
    }
    const state = diskState(this.#kinds.cloud, this.#grants, disk);
    if (/ReadyToUpload|ActiveUpload|ActiveSAS/.test(state)) {
      throw new AzureError(
        "OperationNotAllowed",
        `Disk '${disk.name}' cannot be attached while it is in state ${state}; end its access first.`,
        409,
      );
    }
    const { footerProblem } = this.#contents.of(disk);
    if (footerProblem !== undefined) throw new AzureError("InvalidVhd", `Disk '${disk.name}': ${footerProblem}`, 409);
    if (disk.location !== vm.location) throw invalidParameter("managedDisk.id", "the disk is in another location");
    const [zone] = disk.zones ?? [];
    if (zone !== undefined && zone !== vm.zones?.[0]) {
      throw new AzureError("ResourceZoneMismatch", `Disk '${disk.name}' is in zone ${zone}, and the VM is not.`, 409);
    }
  }

  /** https://learn.microsoft.com/azure/virtual-machines/generation-2: fixed by the OS disk, and the size has to fit. */
  #checkGeneration({ managedDisk }: Json, { name, generations }: VmSize): void {
    const generation = this.#kinds.byId<DiskFacts>(idOf(managedDisk), diskType)?.properties.hyperVGeneration;
    const wanted = textOf(generation, "V1");
    if (generations.split(",").includes(wanted)) return;
    throw new AzureError(
      "BadRequest",
      `The selected VM size '${name}' cannot boot Hypervisor Generation '${wanted.slice(1)}'.`,
    );
  }
}
