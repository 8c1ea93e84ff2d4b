import { proxyActivities, sleep } from "@temporalio/workflow";
import type { Activities } from "../../activities/index.ts";
import { rotationName } from "../../domain/rotation.ts";
import { siteCall } from "../lib/activity-options.ts";
import { show } from "../lib/visibility.ts";
import type { RotateSecretInput, RotateSecretResult } from "./types.ts";

const { secretInUse, exchangeSecret, retireKey } = proxyActivities<Activities>(siteCall);

/** Exchanges a secret that we own while it is in use: make another one, try it, switch to it, end the one before when nobody
 *  can be using it any more. */
export async function rotateSecret({ scheduleId, secret, graceMs }: RotateSecretInput): Promise<RotateSecretResult> {
  const headline = rotationName(secret);
  show({ headline, phase: "switch", percent: 10 });
  const before = await secretInUse.executeWithOptions({ summary: `which secret ${headline} has` }, [secret]);
  const exchange = { scheduleId, secret, from: before, graceMs };
  const after = await exchangeSecret.executeWithOptions({ summary: `give ${headline} another secret` }, [exchange]);
  // The store ends a token's earlier secret by itself.
  if (secret.kind === "site" && after !== before) {
    show({ headline, phase: "grace", percent: 60, next: `end ${before}` });
    await sleep(graceMs, { summary: "until nobody uses the one before" });
    const retire = { scheduleId, site: secret.site, keyId: before };
    await retireKey.executeWithOptions({ summary: `end ${before}` }, [retire]);
  }
  show({ headline, phase: "done", percent: 100 });
  return { before, after };
}
