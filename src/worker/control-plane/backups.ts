import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ControlPlaneBackups } from "../../activities/deps.ts";
import { backupsToRemove } from "../../domain/control-plane.ts";
import { isProviderError, ProviderError } from "../../domain/errors.ts";
import type { DocumentsFacet } from "../../providers/documents-facet.ts";
import type { Provider } from "../../providers/provider.ts";
import type { Store } from "../../store/index.ts";
import { BackupArchive } from "./archive.ts";
import { configName, filesOf, sealingKeyName } from "./instance-files.ts";
import type { SealingKey } from "./recovery-key.ts";

export interface BackupParts {
  readonly store: Store;
  readonly provider: (site: string) => Promise<Provider>;
  readonly instanceDir: string;
  readonly configFile?: string | undefined;
  /** The half of the recovery key that seals. */
  readonly keyFile?: string | undefined;
  readonly keepMs: number;
}

/** Where `control-plane key` puts it. */
export function usualKeyFile(instanceDir: string): string {
  return join(instanceDir, sealingKeyName);
}

/** Backs the control plane up to a site, and removes there what need not be kept any more. */
export function controlPlaneBackups(parts: BackupParts): ControlPlaneBackups {
  const { store, instanceDir, configFile, keepMs } = parts;
  const keyFile = parts.keyFile ?? usualKeyFile(instanceDir);
  return {
    async backUp(site, signal) {
      const began = performance.now();
      try {
        const { installationId, epoch } = await store.controlPlane.get();
        const archive = new BackupArchive(await documentsOf(parts.provider, site), installationId);
        const key = await readSealingKey(keyFile);
        const also = { [configName]: configFile, [sealingKeyName]: keyFile };
        const lines = all(filesOf(instanceDir, also), store.dump());
        const { manifest } = await archive.write({ installationId, epoch, key, lines }, signal);
        const there = await archive.list(signal);
        const old = backupsToRemove(there, Date.now(), keepMs);
        for (const backupId of old) await archive.remove(backupId, signal);
        await archive.removeAbandoned(Date.now(), signal);
        const { backupId, takenAt, provenAt, rows } = manifest;
        const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
        const made = { site, backupId, takenAt, provenAt, bytes, rows, kept: there.length - old.length };
        await store.controlPlane.backedUp({ ...made, tookMs: Math.round(performance.now() - began) });
        return made;
      } catch (error) {
        if (!signal.aborted) {
          const problem = error instanceof Error ? error.message : String(error);
          await store.controlPlane.notBackedUp(site, problem).catch(() => undefined);
        }
        throw error;
      }
    },
  };
}

/** @throws ProviderError UnsupportedCapability for a site that keeps no documents. */
export async function documentsOf(
  provider: (site: string) => Promise<Provider>,
  site: string,
): Promise<DocumentsFacet> {
  const found = await provider(site);
  if (found.documents) return found.documents;
  throw new ProviderError("UnsupportedCapability", {
    operation: "keep backups of the control plane",
    resource: `site/${site}`,
    reason: found.capabilities.documents ?? "only its own workers reach it",
    action: "Name another site in control_plane.backup_to.",
  });
}

async function readSealingKey(file: string): Promise<SealingKey> {
  try {
    const key = JSON.parse(await readFile(file, "utf8")) as SealingKey;
    if (key.version === 1 && key.seal && key.sign && key.keyId) return key;
    throw new Error("it is no such key");
  } catch (cause) {
    throw new ProviderError("InvalidInput", {
      operation: "seal a backup of the control plane",
      resource: file,
      reason: "there is no key that backups are sealed for",
      action: "Make one with `novacron control-plane key --file FILE`, and keep that file elsewhere.",
      cause: isProviderError(cause) ? cause : new Error("the file can't be read, or is no such key", { cause }),
    });
  }
}

async function* all(files: AsyncIterable<object>, dump: AsyncIterable<string>): AsyncGenerator<string> {
  for await (const file of files) yield JSON.stringify(file);
  yield* dump;
}
