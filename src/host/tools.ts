import type { ChildProcess, ChildProcessWithoutNullStreams } from "node:child_process";

/** A program of this machine that other rooms may run. */
export type ToolName =
  | "virsh"
  | "libvirtd"
  | "qemu-system-x86_64"
  | "qemu-img"
  | "qemu-nbd"
  | "qemu-storage-daemon"
  | "nbdcopy"
  | "nbdinfo"
  | "mke2fs"
  | "sfdisk"
  | "grub-mkimage"
  | "busybox"
  | "cpio"
  | "depmod"
  | "modprobe"
  | "tini";

export interface RunOptions {
  readonly signal?: AbortSignal;
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Kills the program and fails with Timeout after this long. Default 60 000. */
  readonly timeoutMs?: number;
}

export interface StartOptions {
  readonly logFile: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What the program leaves to the machine's init when it makes daemons is taken in, and buried at once, by a `tini`
   *  between us and it, where there is one: an init that is slow at that, as in many containers, makes ended processes
   *  look alive. The process that comes back is then tini's. */
  readonly reaped?: boolean;
}

export interface RunResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs the machine's tools, wherever they came from (PATH, or packages unpacked into the private tool folder) and,
 * when we are root, as the unprivileged account that owns the state folder.
 */
export interface HostTools {
  /** The account the tools run as; undefined when that is the account we run as. */
  readonly account: { readonly uid: number; readonly gid: number; readonly name: string } | undefined;
  /** Undefined when the tool can be run; else why not, as a sentence for a person. */
  missing(tool: ToolName): string | undefined;
  /** Absolute path of the program file itself (for a domain's `<emulator>`, a guest's parts). */
  path(tool: ToolName): string;
  /** Absolute path of a file shipped by a tool's package, such as `/usr/lib/grub/i386-pc/boot.img`. */
  file(pathInPackage: string): string | undefined;
  /** Ends with the program; a non-zero exit is a result, not an error.
   *  @throws ProviderError Unavailable when the tool is missing, Timeout after `timeoutMs`. */
  run(tool: ToolName, args: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** Runs for as long as it takes, and hands over the lines of its output as they come; ends with the program, like
   *  {@link run}, whose `stdout` is empty then. `timeoutMs` has no default. */
  follow(
    tool: ToolName,
    args: readonly string[],
    onLine: (line: string) => void,
    options?: RunOptions,
  ): Promise<RunResult>;
  /** A program that is spoken with over pipes. Whoever starts it ends it; it ends with us, by the end of its input. */
  converse(
    tool: ToolName,
    args: readonly string[],
    options?: Pick<RunOptions, "env" | "cwd">,
  ): ChildProcessWithoutNullStreams;
  /** A detached long-running program (its own process group), stdio to `logFile`. It outlives us. */
  start(tool: ToolName, args: readonly string[], options: StartOptions): ChildProcess;
}
