import type { ProtectionGroup } from "../../domain/protection.ts";

export interface ProtectGroupInput {
  readonly groupId: string;
}

/** Where the run stands; what is asked for later is in the store. */
export interface ProtectionStanding {
  readonly state: ProtectionGroup["state"];
  /** The point that is being made. */
  readonly pointId?: string;
  /** When the next round begins. */
  readonly nextRoundAt?: string;
}
