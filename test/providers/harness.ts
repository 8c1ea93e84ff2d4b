import type { Provider } from "../../src/providers/provider.ts";

/** A site of one kind, made for a test, with what the suite has to do behind the provider's back. */
export interface ConformanceSite {
  readonly provider: Provider;
  /** Plain JSON from which {@link ConformanceHarness.connect} makes a provider of the same site in another process. */
  readonly descriptor: unknown;
  /** Writes to a VM's disk as its guest would: through the hypervisor while it runs, else straight into the image. */
  writeAsGuest(vmId: string, diskId: string, offset: number, length: number, pattern: number): Promise<void>;
  close(): Promise<void>;
}

export interface ConformanceHarness {
  readonly kind: string;
  /** Module that exports the harness as `harness`, for other processes. */
  readonly module: string;
  /** Why it can't run here; undefined when it can. */
  unavailable(): string | undefined;
  open(): Promise<ConformanceSite>;
  connect(descriptor: unknown): Provider;
}
