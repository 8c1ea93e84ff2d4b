import type { KeyObject } from "node:crypto";
import { randomUUID } from "node:crypto";
import {
  type BackupManifest,
  type ControlPlaneClaim,
  claimName,
  controlPlanesPrefix,
} from "../../domain/control-plane.ts";
import { isProviderError, ProviderError } from "../../domain/errors.ts";
import { absentDocument, type DocumentsFacet } from "../../providers/documents-facet.ts";
import type { Store } from "../../store/index.ts";
import { BackupArchive } from "./archive.ts";
import { type AuditProof, proveAudit } from "./audit-proof.ts";
import { configName, type FileLine, writeFiles } from "./instance-files.ts";
import type { RecoveryKey } from "./recovery-key.ts";
import { claimOf } from "./standing.ts";

const mostTries = 10;

/** An installation that has backups, or its claim, at a site. */
export interface FoundInstallation {
  readonly installationId: string;
  readonly claim?: ControlPlaneClaim;
  /** The newest first. */
  readonly backups: readonly string[];
}

export async function findInstallations(
  documents: DocumentsFacet,
  signal: AbortSignal,
): Promise<readonly FoundInstallation[]> {
  const ids = new Set<string>();
  for await (const name of documents.list(controlPlanesPrefix, signal)) {
    ids.add(name.slice(controlPlanesPrefix.length).split("/")[0] ?? "");
  }
  return Promise.all(
    [...ids].sort().map(async (installationId) => {
      const claim = (await documents.get(claimName(installationId), signal))?.value as ControlPlaneClaim | undefined;
      const backups = await new BackupArchive(documents, installationId).list(signal);
      return { installationId, ...(claim ? { claim } : {}), backups };
    }),
  );
}

export interface Restored {
  readonly manifest: BackupManifest;
  readonly rows: number;
  readonly tables: number;
  readonly audit: AuditProof;
  /** Of the instance's folder. */
  readonly files: readonly string[];
  /** The configuration as it was. */
  readonly config?: string;
}

/**
 * Fills an empty store from a backup and proves what came out: each part, the number of rows, and the audit trail. Files are
 * written only when all of that holds; with `dir` undefined, none are.
 */
export async function restoreStore(
  from: { documents: DocumentsFacet; installationId: string; backupId: string },
  key: { recovery: RecoveryKey; open: KeyObject },
  to: { store: Store; dir: string | undefined },
  signal: AbortSignal,
): Promise<Restored> {
  const archive = new BackupArchive(from.documents, from.installationId);
  const manifest = await archive.manifest(from.backupId, key.recovery, signal);
  const files: FileLine[] = [];
  const rows = withoutFiles(archive.read(manifest, key.open, signal), files);
  const loaded = await to.store.load(rows);
  const audit = await proveAudit(to.store.audit);
  const config = files.find(({ name }) => name === configName);
  if (to.dir !== undefined) await writeFiles(to.dir, files);
  return {
    ...{ manifest, rows: loaded.rows, tables: loaded.tables, audit, files: files.map(({ name }) => name) },
    ...(config ? { config: Buffer.from(config.content, "base64").toString() } : {}),
  };
}

/** Files stand before the store's rows. */
async function* withoutFiles(lines: AsyncIterable<string>, files: FileLine[]): AsyncGenerator<string> {
  for await (const line of lines) {
    if (line.startsWith('{"kind":"file"')) files.push(JSON.parse(line) as FileLine);
    else yield line;
  }
}

/**
 * Puts the claim of the control plane that was rebuilt at a site, in an epoch of its own: the former one acts no more as soon as
 * it sees that. @throws ProviderError Conflict when others go on taking it at the same time.
 */
export async function takeOver(
  documents: DocumentsFacet,
  manifest: BackupManifest,
  reason: string,
  signal: AbortSignal,
): Promise<ControlPlaneClaim> {
  const { installationId } = manifest;
  const name = claimName(installationId);
  const holderId = randomUUID();
  for (let tries = 1; ; tries++) {
    const found = await documents.get(name, signal);
    const before = (found?.value as ControlPlaneClaim | undefined)?.epoch ?? manifest.epoch;
    const claim = claimOf({ installationId, holderId, epoch: Math.max(before, manifest.epoch) + 1 }, reason);
    try {
      await documents.put({ name, value: claim, version: found?.version ?? absentDocument, key: randomUUID() }, signal);
      return claim;
    } catch (error) {
      if (!isProviderError(error, "Conflict") || tries >= mostTries) throw error;
    }
  }
}

/** The installation that is meant. @throws ProviderError NotFound, InvalidInput when there are several and none was named. */
export function chooseInstallation(
  found: readonly FoundInstallation[],
  named: string | undefined,
  site: string,
): FoundInstallation {
  const restorable = found.filter(({ backups }) => backups.length > 0);
  const matching =
    named === undefined ? restorable : restorable.filter(({ installationId }) => installationId === named);
  const [only, second] = matching;
  if (only && !second) return only;
  const known = restorable.map(({ installationId }) => installationId).join(", ");
  throw new ProviderError(only ? "InvalidInput" : "NotFound", {
    operation: "recover the control plane",
    resource: `site/${site}`,
    reason: only
      ? `backups of several installations lie there: ${known}`
      : `no backup${named === undefined ? "" : ` of ${named}`} lies there`,
    action: only
      ? "Name one with --installation."
      : known
        ? `There are those of ${known}.`
        : "Name another site with --from.",
  });
}
