import { invalid } from "../errors.ts";

export interface MachineType {
  readonly name: string;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly shared: boolean;
  readonly architecture: "X86_64" | "ARM64";
}

/** A family of predefined types, with its memory for each vCPU: https://cloud.google.com/compute/docs/machine-resource */
const families: readonly (readonly [prefix: string, gbPerCpu: number, cpus: readonly number[], arm?: boolean])[] = [
  ["e2-standard", 4, [2, 4, 8, 16, 32]],
  ["e2-highmem", 8, [2, 4, 8, 16]],
  ["e2-highcpu", 1, [2, 4, 8, 16, 32]],
  ["n1-standard", 3.75, [1, 2, 4, 8, 16, 32]],
  ["n2-standard", 4, [2, 4, 8, 16, 32]],
  ["n2-highmem", 8, [2, 4, 8, 16, 32]],
  ["n2d-standard", 4, [2, 4, 8, 16, 32]],
  ["c2-standard", 4, [4, 8, 16, 30]],
  ["t2a-standard", 4, [1, 2, 4, 8, 16], true],
];
const shared: readonly MachineType[] = [
  { name: "e2-micro", cpus: 2, memoryMb: 1024, shared: true, architecture: "X86_64" },
  { name: "e2-small", cpus: 2, memoryMb: 2048, shared: true, architecture: "X86_64" },
  { name: "e2-medium", cpus: 2, memoryMb: 4096, shared: true, architecture: "X86_64" },
  { name: "f1-micro", cpus: 1, memoryMb: 614, shared: true, architecture: "X86_64" },
  { name: "g1-small", cpus: 1, memoryMb: 1740, shared: true, architecture: "X86_64" },
];

export const machineTypes: readonly MachineType[] = [
  ...shared,
  ...families.flatMap(([prefix, gbPerCpu, sizes, arm]) =>
    sizes.map(
      (cpus): MachineType => ({
        name: `${prefix}-${cpus}`,
        cpus,
        memoryMb: cpus * gbPerCpu * 1024,
        shared: false,
        architecture: arm ? "ARM64" : "X86_64",
      }),
    ),
  ),
];

/** A predefined type, or a custom one such as `e2-custom-4-8192` or `custom-2-4096`. */
export function machineTypeNamed(name: string): MachineType | undefined {
  const known = machineTypes.find((type) => type.name === name);
  if (known) return known;
  const custom = /^(?:(?:e2|n1|n2|n2d)-)?custom-(\d+)-(\d+)(?:-ext)?$/.exec(name);
  const [cpus, memoryMb] = [Number(custom?.[1]), Number(custom?.[2])];
  if (!custom || cpus < 1 || cpus > 128 || (cpus > 1 && cpus % 2 === 1)) return undefined;
  // Memory comes in steps of 256 MB: https://cloud.google.com/compute/docs/instances/creating-instance-with-custom-machine-type
  return memoryMb % 256 === 0 ? { name, cpus, memoryMb, shared: false, architecture: "X86_64" } : undefined;
}

/** @throws GcpError for a type that there is not. */
export function checkedMachineType(field: string, url: unknown): MachineType {
  const name = /^(?:.*\/)?machineTypes\/([^/]+)$/.exec(String(url))?.[1] ?? "";
  const type = machineTypeNamed(name);
  if (!type) throw invalid(field, url, "The referenced machine type does not exist.");
  return type;
}
