import { access, constants } from "node:fs/promises";
import type { SiteCheck } from "../provider.ts";
import type { Host } from "./host.ts";

const lowBytes = 1024 ** 3;

/** In the order in which a person would look. */
export async function checkHost(
  host: Host,
  freeBytes: () => Promise<number>,
  signal: AbortSignal,
): Promise<SiteCheck[]> {
  const rows: SiteCheck[] = [];
  for (const tool of ["virsh", "qemu-img", "qemu-nbd"] as const) {
    const missing = host.tools.missing(tool);
    rows.push(
      missing === undefined
        ? { check: tool, result: "pass", detail: `${tool} is here` }
        : { check: tool, result: "fail", detail: missing, remedy: "Install QEMU's and libvirt's client tools." },
    );
  }
  if (rows.some((row) => row.result === "fail")) return rows;
  const version = await host.virsh.attempt(["version", "--daemon"], signal);
  const lines = version.stdout.split("\n").flatMap((line) => /^Running .*?: (.+)$/.exec(line)?.[1] ?? []);
  rows.push(
    version.exitCode === 0
      ? { check: "connection", result: "pass", detail: `${host.uri}: ${lines.join(", ")}` }
      : {
          check: "connection",
          result: "fail",
          detail: version.stderr.trim() || "virsh could not connect",
          remedy: "Check that libvirtd runs at the host and that the site's uri names its socket.",
        },
  );
  const kvm = version.exitCode === 0 && (await host.domainType(signal)) === "kvm";
  rows.push({
    check: "acceleration",
    result: kvm ? "pass" : "warn",
    detail: kvm ? "KVM" : "no hardware virtualisation here: guests are emulated, and slow",
    ...(kvm ? {} : { remedy: "Use a host with KVM for anything but trials." }),
  });
  try {
    await host.layers.id();
    await access(host.layers.root, constants.W_OK);
    rows.push({ check: "storage", result: "pass", detail: `${host.layers.root} can be written` });
    const free = await freeBytes();
    const detail = `${(free / 1024 ** 3).toFixed(1)} GiB free`;
    rows.push(
      free >= lowBytes
        ? { check: "free-space", result: "pass", detail }
        : { check: "free-space", result: "warn", detail, remedy: "Free space below the site's storage_path." },
    );
  } catch (error) {
    rows.push({
      check: "storage",
      result: "fail",
      detail: `${host.layers.root} cannot be written: ${(error as Error).message}`,
      remedy: "Give our account a folder that it can write to as the site's storage_path.",
    });
  }
  return rows;
}
