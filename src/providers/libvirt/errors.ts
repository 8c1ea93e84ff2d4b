import { type ErrorCode, ProviderError } from "../../domain/errors.ts";
import { freeSpace, type Subject, storageFull } from "../failures.ts";

interface Meaning {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly reason?: string;
  readonly action: string;
}

/** The one table from what virsh, libvirt, qemu-img and qemu-nbd print to the union; the first match counts. */
const meanings: readonly Meaning[] = [
  {
    pattern: /failed to get domain|Domain not found|no domain with matching|Domain checkpoint not found/i,
    code: "NotFound",
    reason: "libvirt has no such domain",
    action: "Refresh the inventory; it may have been removed by hand.",
  },
  {
    pattern: /no network with matching|Network not found/i,
    code: "NotFound",
    reason: "libvirt has no such network",
    action: "Choose a network that `virsh net-list --all` shows.",
  },
  {
    pattern: /Failed to get (shared )?".*" lock|Failed to lock byte|is in use|another process using/i,
    code: "Conflict",
    reason: "another process has the disk image open",
    action: "Stop the VM or the process that uses the image, then try again.",
  },
  {
    pattern: /already exists with uuid|already exists/i,
    code: "Conflict",
    reason: "something of that name exists",
    action: "Choose another name or remove the other one.",
  },
  {
    pattern: /domain is not running|domain is already (active|running)|not in the (required|right) state/i,
    code: "Conflict",
    reason: "the domain is in another state",
    action: "Look at its state and try again.",
  },
  {
    pattern: /another .* job is active|job is already active|cannot acquire state change lock/i,
    code: "Unavailable",
    reason: "another job runs on the domain",
    action: "It is tried again when that job has ended.",
  },
  {
    pattern: /No space left on device|disk quota exceeded/i,
    // Not InsufficientCapacity, which nobody retries here: the bytes so far are kept until there is room.
    code: "Unavailable",
    reason: storageFull,
    action: freeSpace,
  },
  {
    pattern: /Cannot allocate memory|cannot set up guest memory/i,
    code: "InsufficientCapacity",
    reason: "the host has not enough memory",
    action: "Stop other VMs at this host or choose another site.",
  },
  {
    pattern: /authentication failed|authentication unavailable|access denied by policy/i,
    code: "CloudUnauthenticated",
    action: "Check the account that NovaCron runs as against libvirt's access rules.",
  },
  {
    pattern: /Permission denied|Operation not permitted|access denied/i,
    code: "CloudPermissionDenied",
    action: "Give the account that runs the tools access to the file or socket named in the reason.",
  },
  {
    pattern:
      /Failed to connect socket|Connection refused|failed to connect to the hypervisor|client socket is closed|End of file while reading|Broken pipe|Connection reset|keepalive timeout/i,
    code: "Unavailable",
    reason: "the libvirt daemon does not answer",
    action: "Check that libvirtd runs at the host and that the site's uri is right.",
  },
  { pattern: /timed out|timeout/i, code: "Timeout", action: "Look at the host's load; it is tried again." },
  {
    pattern: /not supported|unsupported configuration|no connection driver|does not support/i,
    code: "UnsupportedCapability",
    action: "Update libvirt and QEMU at the host or leave this option out.",
  },
  {
    pattern: /XML error|invalid argument|unable to parse|XML document failed|internal error: .*unknown/i,
    code: "InvalidInput",
    action: "Correct the value that libvirt names.",
  },
  {
    pattern: /Could not open|No such file or directory|Cannot access storage file/i,
    code: "NotFound",
    reason: "a disk image is missing",
    action: "Check the image's path at the host.",
  },
];

const fallback: Meaning = {
  pattern: /./,
  code: "Unknown",
  action: "See the site's log; report it if it happens again.",
};

/** The failure that a tool's output stands for. The tool's own words follow the reason. */
export function toolFailure(tool: string, output: string, subject: Subject): ProviderError {
  const text = oneLine(output) || `${tool} failed without a message`;
  const meaning = meanings.find(({ pattern }) => pattern.test(text)) ?? fallback;
  const reason = meaning.reason ? `${meaning.reason} (${tool}: ${text})` : `${tool}: ${text}`;
  return new ProviderError(meaning.code, { ...subject, reason, action: meaning.action });
}

function oneLine(text: string): string {
  return text
    .split("\n")
    .map((line) => line.replace(/^error: /, "").trim())
    .filter((line) => line !== "" && !/^Failed to (start|define|undefine|destroy) domain/.test(line))
    .join("; ")
    .replace(/\.$/, "")
    .slice(0, 600);
}
