import * as runner from "node:test";
import { loadHostTools } from "../../src/host/host-tools.ts";
import { toolsManifestPath } from "../../src/host/paths.ts";
import type { ToolName } from "../../src/host/tools.ts";

const needed: readonly ToolName[] = ["qemu-system-x86_64", "qemu-img", "qemu-nbd", "libvirtd", "virsh"];

/** Why QEMU and libvirt can't be had here; undefined when they can. */
export function whyNoQemu(): string | undefined {
  try {
    const tools = loadHostTools(toolsManifestPath());
    return needed.map((tool) => tools.missing(tool)).find((reason) => reason !== undefined);
  } catch (error) {
    return (error as Error).message;
  }
}

const skip = whyNoQemu();

function skipped<T>(register: (name: string, options: { skip: string }, nothing: () => void) => unknown): T {
  return ((name: string) => register(name, { skip: skip ?? "" }, () => {})) as T;
}

/** `node:test`'s own, for files all of whose tests need QEMU: where it can't be had they are skipped with the reason. */
export const test: typeof runner.test = skip === undefined ? runner.test : skipped(runner.test);
export const describe: typeof runner.describe = skip === undefined ? runner.describe : skipped(runner.describe);
export const before: typeof runner.before = skip === undefined ? runner.before : () => {};
export const beforeEach: typeof runner.beforeEach = skip === undefined ? runner.beforeEach : () => {};
/** Always runs: what a file opens outside of its tests is to be closed. */
export const after: typeof runner.after = runner.after;
