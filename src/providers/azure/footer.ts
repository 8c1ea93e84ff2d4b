import { UnitSet } from "../../transfer/formats/unit-set.ts";
import { footerBytes } from "../../transfer/formats/vhd/footer.ts";
import { planVhdFixed } from "../../transfer/formats/vhd/layout.ts";
import { guidFor } from "./names.ts";

/** What Azure wants behind a disk that it is to import: the footer of a fixed VHD. The same disk, the same bytes. */
export function fixedFooter(sizeBytes: number, generationId: string): Buffer {
  const footer = Buffer.alloc(footerBytes);
  const identity = { id: guidFor("vhd", generationId), createdAt: new Date(Date.UTC(2020, 0)) };
  const plan = planVhdFixed({ sizeBytes, units: new UnitSet(footerBytes), identity });
  for (const { fillPiece } of plan.regions) fillPiece(footer, 0);
  return footer;
}
