import type { VmSize } from "../../domain/operation.ts";
import { capabilities } from "../capabilities.ts";
import { conflict, unsupported } from "../failures.ts";
import { withSize } from "./domain-xml.ts";
import { isOff } from "./domains.ts";
import type { Host } from "./host.ts";

/** Changes what a domain that is off is defined with. */
export async function resizeDomain(host: Host, vmId: string, size: VmSize, signal: AbortSignal): Promise<void> {
  const { domains, virsh } = host;
  const subject = domains.subject("resize VM", vmId);
  if (size.instanceType !== undefined) {
    throw unsupported(subject, capabilities.libvirt["compute.instance-types"], "Ask for CPUs and memory.");
  }
  const domain = await domains.get(vmId, signal);
  if (!isOff(domain)) throw conflict(subject, `it is ${domain.state}`, "Stop it first.");
  if (size.cpus === domain.cpus && size.memoryBytes === domain.memoryBytes) return;
  // With its secrets, which a definition without them would lose. One definition: both change, or neither.
  const xml = await virsh.run(["dumpxml", vmId, "--inactive", "--security-info"], subject, signal);
  await virsh.run(["define", "--validate", "/dev/stdin"], subject, signal, withSize(xml, size));
}
