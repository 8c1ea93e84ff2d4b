import type { CreateVmRequest } from "./create-request.ts";
import type { MigrationObservations } from "./migration-parts.ts";
import type { Admit } from "./policy/admission.ts";
import type { Firmware } from "./vm.ts";

/** A site that a VM might be made at. */
export interface SeenSite {
  readonly site: string;
  readonly provider: string;
  readonly region?: string;
  /** Places where its data stays, as the configuration says. */
  readonly residency: readonly string[];
  /** Why it could not be looked at; then {@link there} is absent. */
  readonly unread?: string;
  readonly there?: SiteOffer;
}

export type SiteOffer = MigrationObservations["target"] & {
  /** What the request's image is there, or why it isn't. */
  readonly image?: SeenImage | { readonly missing: string };
  readonly recoveryPoint?: { readonly sizeBytes: number } | { readonly missing: string };
  /** What the site makes of the sizes of the new disks, the boot disk of an image first. */
  readonly diskBytes: readonly (number | { readonly refused: string })[];
};

export interface SeenImage {
  readonly imageId: string;
  readonly name: string;
  readonly firmware: Firmware;
  readonly architecture: "x86_64" | "aarch64";
  readonly sizeBytes?: number;
}

export interface CreateObservations {
  readonly request: CreateVmRequest;
  readonly defaults: { readonly stopGraceMs: number };
  readonly sites: readonly SeenSite[];
  /** Absent: no policies hold. */
  readonly admit?: Admit;
}
