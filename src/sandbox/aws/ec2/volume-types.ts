import { AwsError, invalidParameter } from "../errors.ts";

interface VolumeType {
  readonly gib: readonly [least: number, most: number];
  readonly iops?: readonly [least: number, most: number];
  readonly iopsPerGib?: number;
  readonly defaultIops?: (gib: number) => number;
  readonly throughput?: readonly [least: number, most: number];
  readonly defaultThroughput?: number;
  readonly bootable: boolean;
}

/** https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html */
const volumeTypes: Readonly<Record<string, VolumeType>> = {
  gp3: {
    gib: [1, 65_536],
    iops: [3_000, 80_000],
    iopsPerGib: 500,
    defaultIops: () => 3_000,
    throughput: [125, 2_000],
    defaultThroughput: 125,
    bootable: true,
  },
  gp2: { gib: [1, 16_384], defaultIops: (gib) => Math.min(16_000, Math.max(100, gib * 3)), bootable: true },
  io1: { gib: [4, 16_384], iops: [100, 64_000], iopsPerGib: 50, bootable: true },
  io2: { gib: [4, 65_536], iops: [100, 256_000], iopsPerGib: 1_000, bootable: true },
  st1: { gib: [125, 16_384], bootable: false },
  sc1: { gib: [125, 16_384], bootable: false },
  standard: { gib: [1, 1_024], bootable: true },
};

export interface VolumeShape {
  readonly sizeGib: number;
  readonly type: string;
  readonly iops?: number;
  readonly throughput?: number;
}

/** Fills in a type's defaults. @throws AwsError for what the type doesn't offer. */
export function volumeShape(wish: { sizeGib: number; type?: string; iops?: number; throughput?: number }): VolumeShape {
  const { sizeGib, type = "gp2", iops, throughput } = wish;
  const known = volumeTypes[type];
  if (!known) throw invalidParameter("volumeType", type);
  if (!Number.isInteger(sizeGib) || sizeGib < known.gib[0] || sizeGib > known.gib[1]) {
    throw new AwsError(
      "InvalidParameterValue",
      `Volume of ${sizeGib}GiB is invalid for volume type ${type}: it must be between ${known.gib[0]}GiB and ${known.gib[1]}GiB.`,
    );
  }
  if (iops !== undefined && !known.iops)
    throw new AwsError("InvalidParameterCombination", `The parameter iops is not supported for ${type} volumes.`);
  if (iops === undefined && known.iops && !known.defaultIops)
    throw new AwsError("MissingParameter", `The parameter iops must be specified for ${type} volumes.`);
  if (iops !== undefined && known.iops) {
    const most = Math.min(known.iops[1], sizeGib * (known.iopsPerGib ?? Infinity));
    if (iops < known.iops[0] || iops > Math.max(known.iops[0], most)) {
      throw new AwsError(
        "InvalidParameterValue",
        `Volume iops of ${iops} is not valid for a ${type} volume of ${sizeGib}GiB.`,
      );
    }
  }
  if (
    throughput !== undefined &&
    (!known.throughput || throughput < known.throughput[0] || throughput > known.throughput[1])
  ) {
    throw new AwsError("InvalidParameterValue", `Throughput of ${throughput} is not valid for a ${type} volume.`);
  }
  const finalIops = iops ?? known.defaultIops?.(sizeGib);
  const finalThroughput = throughput ?? known.defaultThroughput;
  return {
    sizeGib,
    type,
    ...(finalIops === undefined ? {} : { iops: finalIops }),
    ...(finalThroughput === undefined ? {} : { throughput: finalThroughput }),
  };
}
