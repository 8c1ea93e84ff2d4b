import type { Client } from "@temporalio/client";
import type { PayloadCodec } from "@temporalio/common";
import type { Logger } from "pino";
import type { CostBook } from "../costs/index.ts";
import type { NotifyTarget } from "../domain/alert-rule.ts";
import type { ApprovalRule } from "../domain/approval.ts";
import type { ProtectionDefaults } from "../domain/protection-policy.ts";
import type { Store } from "../store/index.ts";
import type { FlowState } from "../telemetry/flow-metrics.ts";
import type { SpanTaker } from "../telemetry/span.ts";
import type { AuthSettings } from "./auth/index.ts";
import type { ConsoleSettings } from "./console.ts";

/** A site as the configuration has it; no credentials. */
export interface SiteSummary {
  readonly site: string;
  /** The provider's kind: `libvirt`, `aws`. */
  readonly kind: string;
  readonly region?: string;
  readonly enabled: boolean;
  readonly simulated: boolean;
  /** What fails together with it. */
  readonly failureDomain?: string;
  /** Places where its data stays, as the configuration says. */
  readonly residency?: readonly string[];
}

export interface ApiLimits {
  /** Requests a second of one actor, and of one address that shows no valid token. */
  readonly requestsPerSecond: number;
  readonly anonymousRequestsPerSecond: number;
  /** Invalid credentials within a minute that lock an address out. */
  readonly failuresBeforeLockout: number;
  readonly bodyBytes: number;
  /** How long an answer may wait for a plan, a check or an inventory. */
  readonly askMs: number;
  /** How long an answer may wait for a finalize, a rollback or a certificate's re-reading. */
  readonly longAskMs: number;
  readonly heartbeatMs: number;
}

export const defaultLimits: ApiLimits = {
  requestsPerSecond: 1000,
  anonymousRequestsPerSecond: 50,
  failuresBeforeLockout: 30,
  bodyBytes: 256 * 1024,
  askMs: 120_000,
  longAskMs: 300_000,
  heartbeatMs: 15_000,
};

export const defaultHistoryMs = 400 * 86_400_000;

/** What the API is made with; its composition root supplies it. */
export interface ApiDeps {
  readonly store: Store;
  /** Cost rows, summed. Default: those of the store. */
  readonly costs?: CostBook;
  readonly temporal: Client;
  readonly sites: readonly SiteSummary[];
  readonly log: Logger;
  /** Where the traces of requests go, if anywhere. */
  readonly spans?: SpanTaker | undefined;
  /** How the flows of lines and spans out of this process go. */
  readonly flows?: ReadonlyMap<string, { readonly state: FlowState }>;
  /** Told once how this process's metrics are read, for who sends them somewhere. */
  readonly readMetrics?: (read: () => Promise<string>) => void;
  readonly temporalUiUrl: string | undefined;
  /** The console's build, where there is one to serve. */
  readonly console?: ConsoleSettings;
  /** How long the store keeps what resources were. Default 400 days. */
  readonly historyMs?: number;
  readonly auth?: AuthSettings;
  /** Tells browsers to come over TLS only, from now on. */
  readonly hsts?: boolean;
  /** Decrypts payloads for those who may see them. */
  readonly codec?: PayloadCodec | undefined;
  /** Where workers of sites call, and the SHA-256 of the certificate of the authority that they trust there; absent where
   *  none may join. */
  readonly sitePort?: { readonly url: string; readonly authority: string } | undefined;
  /** Plans that want a second person. */
  readonly approvalRules?: readonly ApprovalRule[];
  /** What the configuration says of a protection group's policy. */
  readonly recovery?: ProtectionDefaults;
  /** Where the control plane itself is backed up to, and how often. */
  readonly controlPlane?: { readonly backupTo: readonly string[]; readonly intervalMs: number };
  /** The pre-shared key of a tunnel, for devices that people configure; absent where the configuration has nothing to make one
   *  from. Secret. */
  readonly tunnelKey?: ((name: string) => Promise<string>) | undefined;
  /** Whom rules may tell. */
  readonly notifyTargets?: readonly NotifyTarget[];
  /** Told at once of break-glass access, freezes and lock-outs. */
  readonly alarmWebhook?: string | undefined;
  readonly limits?: Partial<ApiLimits>;
}
