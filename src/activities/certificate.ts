import type { Certificate, DiskCertificate, ProofLevel } from "../domain/certificate.ts";
import type { DiskResult } from "../domain/migration.ts";
import type { ActivityDeps } from "./deps.ts";

export function certificateActivities({ registry, store, transfer }: ActivityDeps) {
  return {
    /** Writes the proof of a move; one certificate a migration, however often this is repeated. */
    async writeCertificate(
      input: Omit<Certificate, "format" | "certificateId" | "provenAt" | "identical" | "disks" | "simulated"> & {
        readonly disks: readonly (DiskResult &
          Pick<DiskCertificate, "bytesReread" | "bytesWrittenSince" | "site"> & { readonly level?: ProofLevel })[];
      },
    ): Promise<string> {
      const { disks, ...facts } = input;
      const certificateId = `certificate-${input.migrationId}`;
      const simulated = registry.sites.some(
        ({ site, simulated }) => simulated && (site === input.from || site === input.to),
      );
      const certificate: Certificate = {
        ...facts,
        format: "novacron-certificate/1",
        certificateId,
        provenAt: new Date().toISOString(),
        // Reached only after every disk's proof: a difference has ended the run with IntegrityFailure.
        identical: true,
        disks: disks.map((disk) => ({
          diskId: disk.diskId,
          sizeBytes: disk.sizeBytes,
          level: disk.level ?? "target-reread",
          method: disk.tracking,
          leafBytes: transfer.leafBytes,
          rootHash: disk.rootHash,
          manifestId: disk.generationId,
          pointId: disk.pointId,
          bytesCopied: disk.bytesCopied,
          bytesReread: disk.bytesReread,
          ...(disk.bytesWrittenSince === undefined ? {} : { bytesWrittenSince: disk.bytesWrittenSince }),
          ...(disk.site === undefined ? {} : { site: disk.site }),
        })),
        simulated,
      };
      await store.certificates.insert(certificate);
      return certificateId;
    },
  };
}
