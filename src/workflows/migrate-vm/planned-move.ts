import type {
  CopyDiskParameters,
  CreateGroupParameters,
  CreateVmParameters,
  StopParameters,
  VerifyParameters,
} from "../../domain/migration-parts.ts";
import { actionParameters } from "../../domain/migration-plan.ts";
import type { Plan } from "../../domain/plan.ts";
import type { PrepareDiskParameters } from "../../domain/preparation.ts";
import type { MigrationSchedule } from "../../domain/schedule.ts";
import type { UndoParameters } from "../../domain/undo.ts";
import type { WarmParameters } from "../../domain/warm.ts";

/** The plan, read once into the words of the steps. */
export class PlannedMove {
  readonly migrationId: string;
  readonly from: string;
  readonly to: string;
  readonly sourceVmId: string;
  readonly stop: StopParameters;
  readonly copies: readonly CopyDiskParameters[];
  create: CreateVmParameters;
  /** Present when the VM gets a security group of its own. */
  readonly group: CreateGroupParameters | undefined;
  readonly verify: VerifyParameters;
  /** Present when the source is replicated while it runs. */
  readonly warm: WarmParameters | undefined;
  /** Present when the VM may come home with what it wrote. */
  readonly undo: UndoParameters | undefined;
  /** What is changed in the guest, by disk; empty where nothing is. */
  readonly preparations: readonly PrepareDiskParameters[];
  readonly deadline: string | undefined;
  /** Whether the target takes over, so that the source must stay off. */
  readonly fences: boolean;

  constructor(plan: Plan, migrationId: string) {
    this.migrationId = migrationId;
    this.from = plan.inputs.from as string;
    this.to = plan.inputs.to as string;
    this.sourceVmId = plan.inputs.vm as string;
    this.fences = plan.inputs.point !== "freeze";
    this.stop = actionParameters<StopParameters>(plan, this.fences ? "stop-vm" : "freeze-point");
    this.copies = plan.actions
      .filter((action) => action.action === "copy-disk")
      .map((action) => action.parameters as unknown as CopyDiskParameters);
    this.create = actionParameters<CreateVmParameters>(plan, "create-vm");
    const group = plan.actions.find(({ action }) => action === "create-security-group");
    this.group = group?.parameters as CreateGroupParameters | undefined;
    this.preparations = plan.actions
      .filter(({ action }) => action === "prepare-disk")
      .map(({ parameters }) => parameters as unknown as PrepareDiskParameters);
    this.verify = actionParameters<VerifyParameters>(plan, "verify-vm");
    const warm = plan.actions.find(({ action }) => action === "replicate");
    this.warm = warm?.parameters as WarmParameters | undefined;
    this.deadline = (plan.inputs.schedule as MigrationSchedule | undefined)?.deadline;
    const undo = plan.actions.find(({ action }) => action === "undo-window");
    this.undo = undo?.parameters as UndoParameters | undefined;
  }

  useSecurityGroup(securityGroupId: string): void {
    this.create = { ...this.create, securityGroups: [securityGroupId] };
  }

  get headline(): string {
    return `${this.create.name}: ${this.from} → ${this.to}`;
  }

  get stopDetail(): string {
    return this.fences ? "stop the source, fence it, take a point" : "take a point of the running source";
  }
}
