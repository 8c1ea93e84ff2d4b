import type { models } from "oci-core";

/** The SDK's shapes that several files here speak of. */
export type BootVolumeAttachment = models.BootVolumeAttachment;
export type Instance = models.Instance;
export type Shape = models.Shape;
export type Subnet = models.Subnet;
export type Vcn = models.Vcn;
export type Vnic = models.Vnic;
export type VnicAttachment = models.VnicAttachment;
export type VolumeAttachment = models.VolumeAttachment;

/** Oracle's own word for where something stands; empty where it says none. */
export function stateOf({ lifecycleState }: { readonly lifecycleState?: string }): string {
  return lifecycleState ?? "";
}

/** The SDK's types say Date; what it hands over is the text of the answer. */
export function isoOf(time: Date | string | undefined): string {
  return new Date(time ?? 0).toISOString();
}
