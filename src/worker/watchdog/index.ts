import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { identify } from "../../host/process-identity.ts";
import type { Provider } from "../../providers/provider.ts";
import type { Say } from "../../telemetry/say.ts";
import { cutOffWhenDue } from "./cutting.ts";
import { type GuardianOrder, startGuardian } from "./guardian.ts";
import { WatchdogRecords } from "./records.ts";
import { type LeaseKeeping, Renewer } from "./renewing.ts";

const guardianLookMs = 1_000;

/**
 * Stands behind the leases of its site's groups until the signal ends it: renews them, and cuts groups off whose lease it could
 * not renew in time. The guardian, a process of its own, does the latter too, and goes on when this one has ended.
 */
export async function keepWatchdog(
  options: {
    readonly leases: LeaseKeeping;
    readonly compute: () => Promise<Provider["compute"]>;
    /** Asked for each time that a guardian is started. */
    readonly order: () => Promise<GuardianOrder>;
    readonly dir: string;
    readonly log: Say;
  },
  signal: AbortSignal,
): Promise<void> {
  const { dir, leases, compute, log } = options;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const records = new WatchdogRecords(dir);
  const renewer = new Renewer({ records, leases, log });
  // Before anybody cuts off what a start of the machine left without a renewal.
  await renewer.once();
  let guardian: number | undefined;
  const guarding = (async () => {
    while (!signal.aborted) {
      if (guardian === undefined || !identify(guardian)) {
        guardian = await startGuardian(await options.order(), records).catch((error: unknown) => {
          log("error", "the guardian could not be started; it is tried again", { reason: String(error) });
          return undefined;
        });
      }
      await sleep(guardianLookMs, undefined, { signal }).catch(() => undefined);
    }
  })();
  await Promise.all([guarding, renewer.run(signal), cutOffWhenDue({ records, compute, log }, signal)]);
}
