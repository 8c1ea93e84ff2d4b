import { ProviderError } from "../domain/errors.ts";

export function conflict(operation: string, generationId: string, reason: string, action: string): ProviderError {
  return new ProviderError("Conflict", { operation, resource: `generation/${generationId}`, reason, action });
}

export function unknownGeneration(operation: string, generationId: string): ProviderError {
  return new ProviderError("NotFound", {
    operation,
    resource: `generation/${generationId}`,
    reason: "the store has no manifest with this id",
    action: "Begin without it: everything is then copied.",
  });
}

export function lostLeaves(manifestId: string, index: number): ProviderError {
  return new ProviderError("IntegrityFailure", {
    operation: "read the manifest",
    resource: `manifest/${manifestId}`,
    reason: `chunk ${index} points at leaves that are gone`,
    action: "Copy the disk again in full; both sides are kept.",
  });
}
