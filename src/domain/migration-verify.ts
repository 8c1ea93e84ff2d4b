import type { VerifyOptions } from "./migration.ts";
import type { MigrationObservations, VerifyParameters } from "./migration-parts.ts";
import { tagKeys } from "./vm.ts";

/** A login prompt, for guests that say nothing of their own. */
const defaultBootMarker = "login:";

/** A guest that runs on has no boot to prove. */
export function planVerify(seen: MigrationObservations, runsOn: boolean): VerifyParameters {
  const { request, vm, defaults } = seen;
  const asked: VerifyOptions = request.verify ?? {};
  const stayOffBecause =
    seen.target.capabilityGaps["compute.start"] ??
    (request.point === "freeze"
      ? "The target is a copy and the source runs on"
      : vm.state === "running"
        ? undefined
        : "The source was not running");
  const start = stayOffBecause === undefined;
  const hasConsole = seen.target.capabilityGaps["compute.console-output"] === undefined;
  const wantsBoot = start && hasConsole && !runsOn && (asked.bootProof ?? defaults.verify);
  return {
    start,
    stayOffBecause,
    bootMarker: wantsBoot ? (asked.bootMarker ?? vm.tags[tagKeys.bootMarker] ?? defaultBootMarker) : undefined,
    bootTimeoutMs: asked.bootTimeoutMs ?? defaults.bootTimeoutMs,
    tcpPorts: start ? (asked.tcpProbes ?? []).map((probe) => probe.port) : [],
    httpProbes: start
      ? (asked.httpProbes ?? []).map((probe) => ({ ...probe, expectStatus: probe.expectStatus ?? 200 }))
      : [],
    probeTimeoutMs: asked.probeTimeoutMs ?? defaults.probeTimeoutMs,
  };
}

export function describeVerify(verify: VerifyParameters): string {
  if (!verify.start) return `Leave it stopped (${verify.stayOffBecause}); check that it exists`;
  const parts = [
    verify.bootMarker ? `wait for /${verify.bootMarker}/ on the console` : "no boot proof",
    ...verify.tcpPorts.map((port) => `TCP ${port}`),
    ...verify.httpProbes.map((probe) => `HTTP ${probe.port}${probe.path}`),
  ];
  return `Start it and check: ${parts.join(", ")}`;
}

/** Of a guest that never stopped. */
export function describeProbes({ tcpPorts, httpProbes }: VerifyParameters): string {
  const probes = [
    ...tcpPorts.map((port) => `TCP ${port}`),
    ...httpProbes.map(({ port, path }) => `HTTP ${port}${path}`),
  ];
  return `It runs on at the target${probes.length > 0 ? `; check: ${probes.join(", ")}` : ""}`;
}
