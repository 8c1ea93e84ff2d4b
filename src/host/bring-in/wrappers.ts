import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ToolName } from "../tools.ts";

const triplets = ["x86_64-linux-gnu", "aarch64-linux-gnu"];

/**
 * Writes `bin/<tool>`: small scripts that give an unpacked program its own libraries and data folders, and nobody else.
 * Returns the folder. Tools that the packages did not bring are left out.
 */
export function writeWrappers(root: string, tools: readonly ToolName[]): string {
  const bin = join(root, "../bin");
  const partial = `${bin}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  for (const tool of tools) {
    const program = unpackedProgram(root, tool);
    if (program !== undefined) {
      const text = tool === "libvirtd" ? libvirtdWrapper(root, program) : plainWrapper(root, tool, program);
      writeFileSync(join(partial, tool), text, { mode: 0o755 });
    }
  }
  rmSync(bin, { recursive: true, force: true });
  renameSync(partial, bin);
  return bin;
}

/** The program itself below the root. */
export function unpackedProgram(root: string, tool: ToolName): string | undefined {
  return ["usr/bin", "usr/sbin"].map((folder) => join(root, folder, tool)).find((path) => existsSync(path));
}

function libraryFolder(root: string): string {
  const triplet = triplets.find((name) => existsSync(join(root, "usr/lib", name))) ?? triplets[0];
  return join(root, "usr/lib", triplet ?? "");
}

function plainWrapper(root: string, tool: ToolName, program: string): string {
  const libraries = libraryFolder(root);
  const lines = ["#!/bin/sh", `export LD_LIBRARY_PATH=${quote(libraries)}`];
  const options: string[] = [];
  if (tool.startsWith("qemu-")) {
    lines.push(`export QEMU_MODULE_DIR=${quote(join(libraries, "qemu"))}`);
  }
  if (tool === "qemu-system-x86_64") {
    for (const folder of ["usr/share/qemu", "usr/share/seabios", "usr/lib/ipxe/qemu", "usr/share/OVMF"]) {
      options.push("-L", quote(join(root, folder)));
    }
  }
  if (tool === "mke2fs" && existsSync(join(root, "etc/mke2fs.conf"))) {
    lines.push(`export MKE2FS_CONFIG=${quote(join(root, "etc/mke2fs.conf"))}`);
  }
  if (tool === "virsh") {
    lines.push(`export LIBVIRT_DRIVER_DIR=${quote(join(libraries, "libvirt/connection-driver"))}`);
  }
  return `${[...lines, ["exec", quote(program), ...options, '"$@"'].join(" ")].join("\n")}\n`;
}

/**
 * libvirt reads /usr/share/libvirt and its drivers from paths fixed when it was built, so it gets a mount namespace in
 * which the unpacked /usr lies over the machine's. Root needs no user namespace; others make one, and a second one
 * inside to be themselves again. It stays one process (one pid) through all stages.
 */
function libvirtdWrapper(root: string, program: string): string {
  const libraries = libraryFolder(root);
  return `#!/bin/sh
# Stages: (none) -> mounts, in a private mount namespace -> libvirtd as an unprivileged account.
set -u
usr=${quote(join(root, "usr"))}
libraries=${quote(libraries)}
fail() { echo "libvirtd: $1" >&2; exit 126; }
case "\${NOVACRON_STAGE:-}" in
"")
  NOVACRON_STAGE=mounts; export NOVACRON_STAGE
  if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
    exec unshare -m -- "$0" "$@"
  fi
  if [ "$(id -u)" = 0 ] && [ -n "\${NOVACRON_RUN_AS:-}" ]; then
    as=$NOVACRON_RUN_AS; unset NOVACRON_RUN_AS NOVACRON_STAGE
    exec setpriv --reuid="\${as%:*}" --regid="\${as#*:}" --clear-groups -- "$0" "$@"
  fi
  NOVACRON_MAP="$(id -u):$(id -g)"; export NOVACRON_MAP
  exec unshare -U -r -m -- "$0" "$@"
  ;;
mounts)
  if mount -t overlay overlay -o "lowerdir=$usr:/usr" /usr 2>/dev/null; then
    daemon=/usr/sbin/libvirtd
  else
    mount -t overlay overlay -o "lowerdir=$usr/share:/usr/share" /usr/share ||
      fail "this machine does not let us lay the unpacked packages over /usr"
    LD_LIBRARY_PATH=$libraries
    LIBVIRT_DRIVER_DIR=$libraries/libvirt/connection-driver
    LIBVIRT_STORAGE_BACKEND_DIR=$libraries/libvirt/storage-backend
    LIBVIRT_STORAGE_FILE_DIR=$libraries/libvirt/storage-file
    LIBVIRT_LOCK_MANAGER_PLUGIN_DIR=$libraries/libvirt/lock-driver
    VIRTLOGD_PATH=$usr/sbin/virtlogd
    PATH=$usr/sbin:$usr/bin:$PATH
    export LD_LIBRARY_PATH LIBVIRT_DRIVER_DIR LIBVIRT_STORAGE_BACKEND_DIR LIBVIRT_STORAGE_FILE_DIR
    export LIBVIRT_LOCK_MANAGER_PLUGIN_DIR VIRTLOGD_PATH PATH
    daemon=${quote(program)}
  fi
  as=\${NOVACRON_RUN_AS:-}; map=\${NOVACRON_MAP:-}
  unset NOVACRON_STAGE NOVACRON_RUN_AS NOVACRON_MAP
  if [ -n "$map" ]; then
    exec unshare -U --map-user="\${map%:*}" --map-group="\${map#*:}" -- "$daemon" "$@"
  fi
  [ -n "$as" ] || exec "$daemon" "$@"
  exec setpriv --reuid="\${as%:*}" --regid="\${as#*:}" --clear-groups -- "$daemon" "$@"
  ;;
esac
`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
