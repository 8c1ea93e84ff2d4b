import { setTimeout as sleep } from "node:timers/promises";
import { stripVTControlCharacters } from "node:util";
import { Context } from "@temporalio/activity";
import type { Certificate } from "../domain/certificate.ts";
import { ProviderError } from "../domain/errors.ts";
import type { VerifyParameters } from "../domain/migration-parts.ts";
import type { ProbeTiming } from "../domain/migration-test.ts";
import type { Vm, VmEndpoint } from "../domain/vm.ts";
import type { ComputeFacet } from "../providers/provider.ts";
import type { SiteDeps } from "./deps.ts";
import { whyNoConnection } from "./tcp-probe.ts";

const pollMs = 200;
/** A console that is read in no time (a file of this host) is read more often: the wait is part of the downtime. */
const shortestPollMs = 25;
const pollPerReading = 20;
/** The site is asked whether the VM still runs less often: the guest needs the processor to boot. */
const lookEveryMs = 2000;
const consoleBytes = 64 * 1024;
/** How much of the console an error shows. */
const lastLines = 15;
const probeConnectMs = 2000;
/**
 * After these no boot comes up by itself: the kernel's own end, the shells of Debian's and dracut's initramfs and of
 * systemd's emergency mode, firmware (SeaBIOS) and boot loader without anything to start.
 */
const bootFailed =
  /Kernel panic - not syncing|Dropping to a shell!|Entering emergency mode|You are in emergency mode|No bootable device|grub rescue>/;

export interface VerifyVmResult {
  readonly boot: Certificate["boot"];
  /** What answered, from the start on; absent of runs that began before it was told. */
  readonly timings?: readonly ProbeTiming[];
}

export function verifyActivities({ registry }: SiteDeps) {
  return {
    /** Starts the new VM and waits for the proof that it works: state, console, TCP, HTTP. */
    async verifyVm(input: { site: string; vmId: string; verify: VerifyParameters }): Promise<VerifyVmResult> {
      const { site, vmId, verify } = input;
      const signal = Context.current().cancellationSignal;
      const { compute } = await registry.provider(site);
      if (!verify.start) {
        const { state } = await compute.getVm(vmId, signal);
        // Some sites start what they create.
        if (state !== "stopped") await compute.stopVm(vmId, { graceMs: 0 }, signal);
        return { boot: { proven: false, reason: verify.stayOffBecause ?? "The source was not running" } };
      }
      const begun = performance.now();
      const timings: ProbeTiming[] = [];
      const note = (probe: string) => timings.push({ probe, seconds: (performance.now() - begun) / 1000 });
      await compute.startVm(vmId, signal);
      const guest = { compute, site, vmId, signal };
      const evidence = verify.bootMarker
        ? await waitForBoot(guest, verify.bootMarker, verify.bootTimeoutMs)
        : undefined;
      if (evidence !== undefined) note("console");
      for (const port of verify.tcpPorts) {
        await waitForProbe(guest, port, `TCP ${port}`, verify.probeTimeoutMs, canConnect);
        note(`TCP ${port}`);
      }
      for (const { port, path, expectStatus } of verify.httpProbes) {
        const label = `HTTP ${port}${path}`;
        await waitForProbe(guest, port, label, verify.probeTimeoutMs, (endpoint) =>
          answers(endpoint, path, expectStatus),
        );
        note(label);
      }
      return {
        timings,
        boot: evidence
          ? { proven: true, evidence }
          : { proven: false, reason: "boot proof was not asked for or not to be had" },
      };
    },
  };
}

interface Guest {
  readonly compute: ComputeFacet;
  readonly site: string;
  readonly vmId: string;
  readonly signal: AbortSignal;
}

async function waitForBoot(guest: Guest, marker: string, timeoutMs: number): Promise<string> {
  const { compute, vmId, signal } = guest;
  const pattern = new RegExp(marker);
  const deadline = Date.now() + timeoutMs;
  let nextLook = Date.now() + lookEveryMs;
  for (;;) {
    const askedAt = performance.now();
    // Firmware and boot loaders write cursor movements between the words.
    const output = stripVTControlCharacters(await compute.consoleOutput(vmId, consoleBytes, signal));
    const pauseMs = Math.min(pollMs, Math.max(shortestPollMs, pollPerReading * (performance.now() - askedAt)));
    const proof = lineThat(pattern, output);
    if (proof !== undefined) return proof;
    const end = lineThat(bootFailed, output);
    if (end !== undefined)
      throw notProven(guest, `the guest gave up: ${end}; its console ended with:\n${tail(output)}`);
    if (Date.now() < nextLook) {
      await sleep(pauseMs, undefined, { signal });
      continue;
    }
    nextLook = Date.now() + lookEveryMs;
    const vm = await compute.getVm(vmId, signal);
    if (vm.state !== "running" && vm.state !== "starting") {
      throw notProven(guest, `the VM is ${vm.state}; the console ended with:\n${tail(output)}`);
    }
    if (Date.now() > deadline) {
      throw notProven(
        guest,
        `/${marker}/ was not on the console within ${timeoutMs / 1000} s; it ended with:\n${tail(output)}`,
      );
    }
    await sleep(pollMs, undefined, { signal });
  }
}

async function waitForProbe(
  guest: Guest,
  guestPort: number,
  label: string,
  timeoutMs: number,
  probe: (endpoint: VmEndpoint) => Promise<string | undefined>,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let why = "it was not tried";
  for (;;) {
    const vm: Vm = await guest.compute.getVm(guest.vmId, guest.signal);
    const endpoint = vm.endpoints.find((candidate) => candidate.guestPort === guestPort);
    const failure = endpoint ? await probe(endpoint) : `guest port ${guestPort} is not published at ${guest.site}`;
    if (failure === undefined) return;
    why = failure;
    if (Date.now() > deadline) throw notProven(guest, `probe ${label} failed for ${timeoutMs / 1000} s: ${why}`);
    await sleep(pollMs, undefined, { signal: guest.signal });
  }
}

/** Undefined when it worked, else why not. */
function canConnect(endpoint: VmEndpoint): Promise<string | undefined> {
  return whyNoConnection(endpoint, probeConnectMs);
}

async function answers({ host, port }: VmEndpoint, path: string, expectStatus: number): Promise<string | undefined> {
  try {
    const response = await fetch(`http://${host}:${port}${path}`, { signal: AbortSignal.timeout(probeConnectMs * 2) });
    await response.body?.cancel();
    return response.status === expectStatus ? undefined : `status ${response.status} instead of ${expectStatus}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Conflict: the machine is there but not in the state this needs; retrying the same boot would not help. */
function notProven({ site, vmId }: Guest, reason: string): ProviderError {
  return new ProviderError("Conflict", {
    operation: "prove that the VM works at the target",
    resource: `${site}/vm/${vmId}`,
    reason,
    action: "Read the console output above; check the guest's drivers for the target's disk and network devices.",
  });
}

function lineThat(pattern: RegExp, output: string): string | undefined {
  return output
    .split(/\r?\n/)
    .find((candidate) => pattern.test(candidate))
    ?.trim();
}

function tail(output: string): string {
  return output.trimEnd().split(/\r?\n/).slice(-lastLines).join("\n");
}
