import type { BuildHandler, BuildHandlerArguments } from "@smithy/types";

/**
 * A written block carries its SHA-256 already (`x-amz-checksum`, in base64); Signature Version 4 wants the same hash of the
 * same bytes, in hex, and would compute it again on the thread that moves all blocks: a quarter of what a block costs.
 */
export function signBlockByItsChecksum<Input extends object, Output extends object>(
  next: BuildHandler<Input, Output>,
): BuildHandler<Input, Output> {
  return async (args: BuildHandlerArguments<Input>) => {
    const { headers } = args.request as { headers: Record<string, string> };
    const checksum = headers["x-amz-checksum"];
    if ("BlockData" in args.input && checksum !== undefined) {
      headers["x-amz-content-sha256"] = Buffer.from(checksum, "base64").toString("hex");
    }
    return next(args);
  };
}
