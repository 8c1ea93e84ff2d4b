import { accountRows, imageRows } from "./account.ts";
import { blockRows } from "./blocks.ts";
import { computeRows } from "./compute.ts";
import { replicaRows, sourceRows } from "./disks.ts";
import { documentRows } from "./documents.ts";
import { keyRows } from "./keys.ts";
import { accessRows, listedRows, networkRows } from "./network.ts";
import { objectRows } from "./objects.ts";
import { trafficRows } from "./traffic.ts";
import { volumeRows } from "./volumes.ts";

/** The whole table, by the suites that run it. */
export const suites = {
  vms: computeRows,
  disks: [...sourceRows, ...replicaRows, ...blockRows, ...volumeRows],
  networks: [...networkRows, ...accessRows, ...listedRows],
  traffic: trafficRows,
  "images, objects and the account": [...imageRows, ...objectRows, ...documentRows, ...keyRows, ...accountRows],
} as const;
