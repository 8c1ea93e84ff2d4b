import type { StackLab } from "./stack-lab.ts";

/** The simulated clouds do as they do, and wait for nothing but for what is new to be shown (`consistencyMs`). */
export async function quickClouds(lab: StackLab, consistencyMs: number): Promise<void> {
  const late = { consistencyMs, throttling: false };
  const settings = {
    aws: { ...late, volumeCreatingMs: 0, snapshotPendingMs: 0, imagePendingMs: 0 },
    azure: { ...late, operationMs: 0, snapshotCopyMs: 0, retryAfterSeconds: 0 },
    gcp: { ...late, operationMs: 0, snapshotMs: 0, imageMs: 0 },
    oci: { throttling: false, provisioningMs: 0, backupMs: 0, imageMs: 0, terminatingMs: 0 },
  };
  for (const [cloud, wanted] of Object.entries(settings)) await lab.sandbox("POST", `/${cloud}/settings`, wanted);
}
