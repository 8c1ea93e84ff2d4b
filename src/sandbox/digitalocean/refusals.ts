import type { CalledOperation, Refusal } from "../cloud/faults.ts";
import { DigitalOceanError, notFound, tooMany, unprocessable } from "./errors.ts";

/** DigitalOcean's error for a fault that was ordered. */
export function refusalFor(kind: Refusal, { operation }: CalledOperation): DigitalOceanError {
  switch (kind) {
    case "throttled":
      return tooMany({ "ratelimit-remaining": "0", "retry-after": "1" });
    case "5xx":
      return new DigitalOceanError(500, "Server Error");
    case "capacity":
      return operation === "droplets_create" || operation === "dropletActions_post"
        ? unprocessable("Size is not available in this region.")
        : new DigitalOceanError(503, "Service Unavailable");
    case "quota":
      return overLimit(operation);
    case "unauthorised":
      return forbidden();
    case "not-found":
      return notFound();
  }
}

export function forbidden(): DigitalOceanError {
  return new DigitalOceanError(403, "You are not authorized to perform this operation");
}

/** As Terraform's provider and others have met it. */
export function overLimit(operation: string): DigitalOceanError {
  return operation.startsWith("droplet")
    ? unprocessable("creating this/these droplet(s) will exceed your droplet limit")
    : unprocessable("failed to create: this will exceed the limit of your account");
}
