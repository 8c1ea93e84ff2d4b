import type { Lab } from "../../support/lab.ts";

/** The simulated AWS goes on being late with all that it shows, but as little as the adapter's own tests have it. */
export async function quickAws(lab: Lab, settings: object = {}): Promise<void> {
  const late = { consistencyMs: 50, volumeCreatingMs: 20, snapshotPendingMs: 20, imagePendingMs: 20 };
  await lab.sandbox("POST", "/aws/settings", { ...late, ...settings });
}
