import { driverName, driversAmong } from "../../domain/guest.ts";

/** The drivers that modprobe's configuration (modprobe.d(5)) keeps from being loaded by themselves or at all. */
export function disabledDrivers(configuration: readonly string[]): string[] {
  const names: string[] = [];
  for (const line of configuration.flatMap((text) => text.split("\n"))) {
    const [word, module, command] = line.trim().split(/\s+/);
    if (module === undefined) continue;
    if (word === "blacklist") names.push(module);
    if (word === "install" && /^(?:\/usr)?(?:\/s?bin\/)?(?:true|false)$/.test(command ?? "")) names.push(module);
  }
  return driversAmong(names);
}

/** A driver inside the kernel starts by a function; `initcall_blacklist` names that. From the kernel's sources. */
const startsBy: Readonly<Record<string, string>> = {
  nvme_init: "nvme",
  nvme_core_init: "nvme_core",
  virtio_blk_init: "virtio_blk",
  virtio_scsi_init: "virtio_scsi",
  virtio_net_driver_init: "virtio_net",
  virtio_pci_driver_init: "virtio_pci",
  ahci_pci_driver_init: "ahci",
  piix_init: "ata_piix",
  init_sd: "sd_mod",
  storvsc_drv_init: "hv_storvsc",
  netvsc_drv_init: "hv_netvsc",
  ena_init: "ena",
  gve_driver_init: "gve",
};

/** The drivers that a kernel's command line switches off, for the whole system or for its initramfs. */
export function disabledByCommandLine(commandLine: string): { builtIn: string[]; modules: string[] } {
  const builtIn: string[] = [];
  const modules: string[] = [];
  for (const word of commandLine.split(/\s+/)) {
    const [key, value] = [word.slice(0, word.indexOf("=")), word.slice(word.indexOf("=") + 1)];
    if (key === "initcall_blacklist") builtIn.push(...value.split(",").map((call) => startsBy[call] ?? ""));
    if (moduleLists.has(key)) modules.push(...value.split(","));
  }
  return { builtIn: driversAmong(builtIn), modules: driversAmong(modules) };
}

const moduleLists = new Set(["module_blacklist", "modprobe.blacklist", "rd.driver.blacklist", "rdblacklist"]);

/** A word of a kernel's command line, changed so that it keeps none of these drivers from starting; nothing when that is all
 *  it did. */
export function enabledIn(word: string, drivers: readonly string[]): string[] {
  const at = word.indexOf("=");
  const [key, values] = [word.slice(0, at), word.slice(at + 1).split(",")];
  const isList = key === "initcall_blacklist" || moduleLists.has(key);
  if (!isList) return [word];
  const named = (value: string) => (key === "initcall_blacklist" ? (startsBy[value] ?? "") : driverName(value));
  const left = values.filter((value) => !drivers.includes(named(value)));
  if (left.length === values.length) return [word];
  return left.length === 0 ? [] : [`${key}=${left.join(",")}`];
}
