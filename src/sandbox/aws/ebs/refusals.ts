import type { Call } from "../cloud.ts";
import type { Registry } from "../ec2/registry.ts";
import { AwsError } from "../errors.ts";
import { accountId } from "../identity.ts";
import type { Snapshot } from "../state.ts";

export function invalid(reason: string, message: string): AwsError {
  return new AwsError("ValidationException", message, 400, { Reason: reason });
}

/** A quota of Service Quotas. ConcurrentLimitExceededException is about requests under way, and so a kind of throttling. */
export function noQuota(of: string): AwsError {
  const message = `Your current service quotas do not allow you to perform this action: ${of}.`;
  return new AwsError("ServiceQuotaExceededException", message, 402, { Reason: "DEPENDENCY_SERVICE_QUOTA_EXCEEDED" });
}

/** @throws AwsError ResourceNotFoundException (also for a while after StartSnapshot), AccessDeniedException for others'. */
export function findSnapshot({ cloud }: Registry, call: Call, id: string): Snapshot {
  if (!/^snap-[0-9a-f]{8,17}$/.test(id)) throw invalid("INVALID_SNAPSHOT_ID", `The snapshot ID '${id}' is not valid`);
  const snapshot = cloud.tables.snapshots.get(id);
  if (!snapshot || snapshot.region !== call.region || !cloud.isVisible(snapshot)) {
    throw new AwsError("ResourceNotFoundException", `The snapshot '${id}' does not exist.`, 404, {
      Reason: "SNAPSHOT_NOT_FOUND",
    });
  }
  if (snapshot.ownerId !== accountId) {
    throw new AwsError("AccessDeniedException", "EBS direct APIs do not support public snapshots", 403, {
      Reason: "UNAUTHORIZED_ACCOUNT",
    });
  }
  return snapshot;
}
