import { chownSync, copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ProviderError } from "../../../domain/errors.ts";
import type { HostTools } from "../../../host/tools.ts";
import type { GuestFiles, GuestSpec } from "./command-line.ts";

/**
 * Lays out what QEMU needs beside the disks: an empty console, and for UEFI the firmware with variables of the guest's
 * own, which outlive its starts. @throws ProviderError Unavailable when the firmware is not on this machine.
 */
export function guestFiles(tools: HostTools, spec: GuestSpec, dir: string, qmpSocket: string): GuestFiles {
  const give = (path: string): void => {
    if (tools.account) chownSync(path, tools.account.uid, tools.account.gid);
  };
  const base = join(dir, spec.id);
  const files = { qmpSocket, console: `${base}.console` };
  writeFileSync(files.console, "", { mode: 0o644 });
  give(files.console);
  rmSync(qmpSocket, { force: true });
  if (spec.firmware === "bios") return files;
  const code = tools.file("/usr/share/OVMF/OVMF_CODE_4M.fd");
  const variables = tools.file("/usr/share/OVMF/OVMF_VARS_4M.fd");
  if (!code || !variables) {
    throw new ProviderError("Unavailable", {
      operation: "start a UEFI guest",
      resource: spec.id,
      reason: "package ovmf was not brought in",
      action: "Let the launcher unpack packages (it needs apt's package lists), then run the command again.",
    });
  }
  const own = `${base}.vars`;
  if (!existsSync(own)) copyFileSync(variables, own);
  give(own);
  return { ...files, firmwareCode: code, firmwareVariables: own };
}

/** The last lines of a program's log, as one line. */
export function tail(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n").slice(-3).join("; ") : "";
}
