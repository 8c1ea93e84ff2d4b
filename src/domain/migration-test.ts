import type { Consistency } from "./consistency.ts";
import type { MigrationProblem, VerifyOptions } from "./migration.ts";

/** What a person asks for: a test of a warm migration's replica, or of a move that is not begun. */
export interface MigrationTestRequest {
  readonly migrationId?: string;
  /** Without a migration: name or id at the source site. */
  readonly vm?: string;
  readonly from?: string;
  readonly to?: string;
  /** The name of a map of these two sites. */
  readonly map?: string;
  readonly instanceType?: string;
  /** Bytes per second; shared by all moves of the link. */
  readonly bandwidthBytesPerSecond?: number;
  /** Instead of what the migration's plan verifies. */
  readonly verify?: VerifyOptions;
  /** How long the VM stays up after it was proven, for people to look at. Default 0. */
  readonly holdSeconds?: number;
  /** After this long it is torn down, whatever it is at. Default an hour beside the predicted copy and the hold. */
  readonly maxLifeSeconds?: number;
}

export const testKind = "test-migration";

/** `holding`: it was proven and stays up for people. `ending`: what it made is removed. */
export const testStates = ["running", "holding", "ending", "passed", "failed", "cancelled"] as const;
export type TestState = (typeof testStates)[number];
export const endedTestStates = ["passed", "failed", "cancelled"] as const satisfies readonly TestState[];

export const testSteps = ["copy", "clone", "isolate", "create", "verify", "hold", "tear-down"] as const;
export type TestStep = (typeof testSteps)[number];

/** The plan's parameters of how long. */
export interface TestLifeParameters {
  readonly holdSeconds: number;
  readonly maxLifeSeconds: number;
}

export interface ProbeTiming {
  /** `console`, `TCP 22`, `HTTP 8080/state`. */
  readonly probe: string;
  /** From the VM's start. */
  readonly seconds: number;
}

/** What is known of a test so far. */
export interface TestReport {
  /** The moment that the tested disks show. */
  readonly pointTakenAt?: string;
  readonly consistency?: Consistency;
  /** The round of the migration's replica that was cloned. */
  readonly round?: number;
  readonly testVmId?: string;
  readonly steps?: readonly { readonly step: TestStep; readonly seconds: number }[];
  readonly boot?: { readonly proven: boolean; readonly evidence?: string; readonly reason?: string };
  readonly probes?: readonly ProbeTiming[];
  readonly problem?: MigrationProblem;
}

export interface MigrationTestView extends TestReport {
  readonly testId: string;
  readonly planId: string;
  readonly workflowId: string;
  readonly migrationId?: string;
  readonly vm: { readonly name: string; readonly sourceVmId: string };
  readonly from: string;
  readonly to: string;
  readonly state: TestState;
  readonly step?: TestStep;
  /** When it is torn down at the latest. */
  readonly expiresAt: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly endedAt?: string;
}

/** On everything that a test makes at a site. */
export const testTag = "novacron:test";

export function isTestEnded(state: TestState): boolean {
  return (endedTestStates as readonly TestState[]).includes(state);
}
