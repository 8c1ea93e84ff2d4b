import { bulkCall } from "../lib/activity-options.ts";
import { activitiesAtSites } from "../lib/at-sites.ts";
import type { DiskVerdict, VerifyCertificateInput, VerifyCertificateResult } from "./types.ts";

const { verifyCertificateDisk } = activitiesAtSites(bulkCall);

/** Reads the certified points again and says, disk by disk, whether they still are what was certified. */
export async function verifyCertificate({ certificate }: VerifyCertificateInput): Promise<VerifyCertificateResult> {
  const disks: DiskVerdict[] = [];
  for (const disk of certificate.disks) {
    disks.push(
      await verifyCertificateDisk.executeWithOptions({ summary: `re-read ${disk.diskId}` }, [
        { site: disk.site ?? certificate.to, disk },
      ]),
    );
  }
  return { identical: disks.every((disk) => disk.identical), disks };
}
