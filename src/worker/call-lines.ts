import type { CloudCall } from "../providers/provider.ts";
import type { Say } from "../telemetry/say.ts";
import type { SpanTaker } from "../telemetry/span.ts";
import { currentWork, partOf, within } from "../telemetry/work.ts";
import type { WorkerMetrics } from "./metrics.ts";
import type { SiteCall } from "./observed-provider.ts";

export interface CallTelling {
  readonly log: Say;
  readonly spans?: SpanTaker | undefined;
  readonly metrics?: Pick<WorkerMetrics, "onSiteCall" | "onCloudCall"> | undefined;
}

/** What is said of calls of sites: one that fails at `info`, as what it means is for its caller to say. */
export function callLines({ log, spans, metrics }: CallTelling) {
  return {
    site(ended: SiteCall): void {
      metrics?.onSiteCall(ended);
      const { site, call, code, reason, work, startedAt, durationMs } = ended;
      const facts = { site, call, code, durationMs: Math.round(durationMs) };
      const say = (): void => {
        if (code === "ok") log("debug", "the site has answered", facts);
        else log("info", "a call of the site failed", { ...facts, reason });
      };
      if (!work) return say();
      within(work, say);
      const failure = code === "ok" ? undefined : `${code}: ${reason ?? ""}`;
      spans?.take({ name: call, kind: "client", work, startedAt, durationMs, failure, facts: { call } });
    },
    /** Blocks of disks are too many to be told one by one. */
    cloud(site: string, ended: CloudCall): void {
      metrics?.onCloudCall(site, ended);
      const { call, code, attempt, isBlock, startedAt, durationMs } = ended;
      const asking = currentWork();
      if (isBlock || !asking) return;
      const work = partOf(asking, { site });
      const facts = { call, code, callAttempt: attempt, durationMs: Math.round(durationMs) };
      within(work, () => log("debug", "the cloud has answered", facts));
      const failure = code === "ok" ? undefined : code;
      spans?.take({ name: call, kind: "client", work, startedAt, durationMs, failure, facts: { call, attempt } });
    },
  };
}
