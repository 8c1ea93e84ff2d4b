/** A VM size: https://learn.microsoft.com/azure/virtual-machines/sizes/overview */
export interface VmSize {
  readonly name: string;
  readonly family: string;
  readonly vcpus: number;
  readonly memoryGib: number;
  readonly dataDisks: number;
  /** Which firmware its guests can have: V1 is BIOS, V2 UEFI. */
  readonly generations: "V1,V2" | "V2";
  readonly architecture: "x64" | "Arm64";
}

const both = { generations: "V1,V2", architecture: "x64" } as const;

function series(
  family: string,
  names: readonly (readonly [string, number, number, number])[],
  more: Pick<VmSize, "generations" | "architecture"> = both,
) {
  return names.map(([name, vcpus, memoryGib, dataDisks]) => ({ name, family, vcpus, memoryGib, dataDisks, ...more }));
}

const sizes: readonly VmSize[] = [
  ...series("standardBSFamily", [
    ["Standard_B1s", 1, 1, 2],
    ["Standard_B1ms", 1, 2, 2],
    ["Standard_B2s", 2, 4, 4],
    ["Standard_B2ms", 2, 8, 4],
    ["Standard_B4ms", 4, 16, 8],
  ]),
  ...series("standardDSv5Family", [
    ["Standard_D2s_v5", 2, 8, 4],
    ["Standard_D4s_v5", 4, 16, 8],
    ["Standard_D8s_v5", 8, 32, 16],
    ["Standard_D16s_v5", 16, 64, 32],
  ]),
  ...series("standardDASv5Family", [
    ["Standard_D2as_v5", 2, 8, 4],
    ["Standard_D4as_v5", 4, 16, 8],
    ["Standard_D8as_v5", 8, 32, 16],
  ]),
  ...series("standardESv5Family", [
    ["Standard_E2s_v5", 2, 16, 4],
    ["Standard_E4s_v5", 4, 32, 8],
    ["Standard_E8s_v5", 8, 64, 16],
  ]),
  ...series("standardFSv2Family", [
    ["Standard_F2s_v2", 2, 4, 4],
    ["Standard_F4s_v2", 4, 8, 8],
    ["Standard_F8s_v2", 8, 16, 16],
  ]),
  ...series("StandardDsv6Family", [["Standard_D2s_v6", 2, 8, 8]], { generations: "V2", architecture: "x64" }),
  ...series("standardDPSv5Family", [["Standard_D2ps_v5", 2, 8, 4]], { generations: "V2", architecture: "Arm64" }),
];

export function vmSizes(): readonly VmSize[] {
  return sizes;
}

export function vmSize(name: unknown): VmSize | undefined {
  return sizes.find((size) => size.name.toLowerCase() === String(name).toLowerCase());
}
