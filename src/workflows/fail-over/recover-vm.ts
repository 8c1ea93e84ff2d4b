import type { CompletePoint } from "../../domain/group-point.ts";
import type { CreateVmParameters } from "../../domain/migration-parts.ts";
import type { RecoverVmParameters } from "../../domain/recovery-actions.ts";
import type { RecoveredVm } from "../../domain/recovery-run.ts";
import { placedIn, recoveryVerify } from "../../domain/recovery-verify.ts";
import { siteCall, undoCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import { describeFailure } from "../lib/failure.ts";
import type { Saga } from "../lib/saga.ts";
import { cloneVm } from "../protect-group/clones.ts";
import type { Story } from "./story.ts";

const site = activitiesAtSites(siteCall);
const undo = activitiesAtSites(undoCall);

/** Where and from what VMs are brought up. */
export interface RecoveryPlace {
  readonly runId: string;
  readonly groupId: string;
  readonly to: string;
  readonly point: CompletePoint;
  /** What the times of the report count from. */
  readonly decidedMs: number;
  readonly saga: Saga;
  readonly story: Story;
  /** Of a drill: makes it where nobody is reached. */
  readonly create?: (vm: {
    position: number;
    create: CreateVmParameters;
    volumes: readonly string[];
  }) => Promise<MadeVm>;
}

export interface MadeVm {
  readonly vmId: string;
  /** The size that there was capacity for; absent where the site has none. */
  readonly instanceType?: string;
}

/** Clones of the point's disks, a VM of them in the first placement and size that there is capacity for, and the proof that it
 *  works. Repeating it goes on with what is there. */
export async function recoverVm(place: RecoveryPlace, vm: RecoverVmParameters): Promise<RecoveredVm> {
  const { runId, groupId, to, point, decidedMs, saga, story } = place;
  const { position, bootGroup } = vm;
  const words = { step: "recover-vm", bootGroup, vm: vm.vm };
  const from = point.vms.find((each) => each.position === position);
  if (!from) throw new Error(`${point.pointId} has nothing of ${vm.vm}`);
  const key = `${runId}-m${position}`;
  const cloned = await story.run({ ...words, step: "clone", detail: `Clone the disks of ${vm.vm}` }, () =>
    cloneVm({ site: to, groupId, key, vm: from }, saga),
  );
  const { volumes } = cloned;
  const { vmId, instanceType } = await story.run(
    { ...words, step: "create", detail: `Create ${vm.vm} at ${to}` },
    () =>
      place.create
        ? place.create({ position, create: cloned.create, volumes })
        : createSomewhere(place, vm, key, cloned),
  );
  const verify = recoveryVerify(cloned.verify, vm.verify);
  const verified = await story.run(
    { ...words, step: "verify", detail: `Start ${vm.vm} and look for proof that it works` },
    () =>
      site.verifyVm.executeWithOptions({ summary: `start and check ${vm.vm} at ${to}` }, [{ site: to, vmId, verify }]),
  );
  return {
    ...{ position, vm: vm.vm, bootGroup, vmId },
    ...(instanceType === undefined ? {} : { instanceType }),
    provenAfterSeconds: (Date.now() - decidedMs) / 1000,
    bootProven: verified.boot.proven,
  };
}

/** The next size where there is no capacity for one, the next placement where there is none for any. Each try has a key of its
 *  own: a site that remembers keys would take another size under the same one for a mistake. */
async function createSomewhere(
  { to, saga, story, runId }: RecoveryPlace,
  { vm, placements, instanceTypes, bootGroup }: RecoverVmParameters,
  key: string,
  { create, volumes }: { readonly create: CreateVmParameters; readonly volumes: readonly string[] },
): Promise<MadeVm> {
  const sizes: readonly (string | undefined)[] = instanceTypes ?? create.instanceTypes ?? [undefined];
  const tries = (placements ?? [undefined]).flatMap((networks) => sizes.map((size) => ({ networks, size })));
  for (const [index, { networks, size }] of tries.entries()) {
    const tried = index === 0 ? `${key}-vm` : `${key}-vm-${index + 1}`;
    saga.add({
      resource: `${to}/vm with the tag novacron:key=${tried}`,
      remove: `novacron vms delete ID --site ${to}`,
      undo: () => undo.removeByKey({ site: to, kind: "vm", key: tried }),
    });
    try {
      const summary = `create ${vm} at ${to}${size === undefined ? "" : ` as ${size}`}`;
      const sized = size === undefined ? {} : { instanceType: size };
      const vmId = await site.createVm.executeWithOptions({ summary }, [
        { ...{ site: to, key: tried, create: placedIn(create, networks), volumes }, ...sized },
      ]);
      return { vmId, ...sized };
    } catch (error) {
      const { code, message } = describeFailure(error);
      if (code !== "InsufficientCapacity" || index === tries.length - 1) throw error;
      const detail = `Make ${vm} as ${size ?? "it is"}${networks ? ` in ${networks.join(" + ")}` : ""}`;
      await story.passOver({ step: "capacity", detail, bootGroup, vm }, `no capacity, the next is tried: ${message}`);
    }
  }
  throw new Error(`Run ${runId} has nowhere to make ${vm}`);
}
