import { access, constants } from "node:fs/promises";
import type { SiteCheck } from "../provider.ts";
import type { FolderDisks } from "./disks.ts";
import type { Folder } from "./folder.ts";
import type { VmRecords } from "./vm-records.ts";

const lowBytes = 1024 ** 3;

/** In the order in which a person would look. */
export async function checkFolder(
  folder: Folder,
  disks: FolderDisks,
  vms: VmRecords,
  signal: AbortSignal,
): Promise<SiteCheck[]> {
  try {
    await folder.begin(signal);
    await access(folder.root, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    signal.throwIfAborted();
    const detail = (error as Error).message;
    const remedy = "Mount the file system, and give our account a folder that it can write to as storage_path.";
    return [{ check: "storage", result: "fail", detail, remedy }];
  }
  const rows: SiteCheck[] = [{ check: "storage", result: "pass", detail: `${folder.root} can be written` }];
  const free = await disks.freeBytes(signal);
  const room = `${(free / 1024 ** 3).toFixed(1)} GiB for new disks`;
  rows.push(
    free >= lowBytes
      ? { check: "free-space", result: "pass", detail: room }
      : { check: "free-space", result: "warn", detail: room, remedy: "Free space below the site's storage_path." },
  );
  rows.push(
    (await disks.clones())
      ? { check: "clones", result: "pass", detail: "clones share the blocks of their points" }
      : {
          check: "clones",
          result: "warn",
          detail: "the file system shares no blocks between files: a clone is a copy and takes its own room",
          remedy: "Nothing has to be done; XFS or Btrfs would save time and room.",
        },
  );
  const { records, unreadable } = await vms.list();
  if (unreadable.length === 0) {
    rows.push({ check: "vm-records", result: "pass", detail: `${records.length} can be read` });
  }
  for (const detail of unreadable) {
    rows.push({ check: "vm-records", result: "warn", detail, remedy: "Correct the record; the VM is not listed." });
  }
  return rows;
}
