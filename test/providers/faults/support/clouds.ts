import type { Provider } from "../../../../src/providers/provider.ts";
import { connectAws } from "../../support/aws.ts";
import { connectAzure } from "../../support/azure.ts";
import { connectGcp } from "../../support/gcp.ts";
import { connectOci } from "../../support/oci.ts";
import { AwsFaultSite } from "./aws-site.ts";
import { openAzure } from "./azure-site.ts";
import type { FaultSite } from "./fault-site.ts";
import { openGcp } from "./gcp-site.ts";
import { openOci } from "./oci-site.ts";
import { suites } from "./rows/index.ts";
import { type CloudWords, type Row, rowsIn } from "./table.ts";
import { azureWords } from "./words/azure.ts";
import { gcpWords } from "./words/gcp.ts";
import { ociWords } from "./words/oci.ts";

export type SuiteTitle = keyof typeof suites;
export const titles = Object.keys(suites) as SuiteTitle[];

const endpoint = "http://127.0.0.1:9";
const azure = { subscriptionId: "s", resourceGroup: "g", storageAccount: "a", values: {} };

interface Cloud {
  readonly name: string;
  /** Its adapter, which is never used. */
  idle(): Provider;
  open(): Promise<FaultSite>;
  rowsOf(title: SuiteTitle): readonly Row[];
}

const inWords =
  (words: CloudWords) =>
  (title: SuiteTitle): readonly Row[] =>
    rowsIn(words, suites[title]);

/** The clouds that are simulated, each with its rows of the table of faults. */
export const clouds = {
  aws: {
    name: "AWS",
    idle: () => connectAws({ region: "us-east-1", endpoint }),
    open: () => AwsFaultSite.open(),
    rowsOf: (title: SuiteTitle) => suites[title],
  },
  azure: {
    name: "Azure",
    idle: () => connectAzure({ region: "eastus", endpoint, ...azure }),
    open: openAzure,
    rowsOf: inWords(azureWords),
  },
  gcp: {
    name: "Google Cloud",
    idle: () => connectGcp({ project: "p", zone: "us-central1-a", endpoint, key: {} }),
    open: openGcp,
    rowsOf: inWords(gcpWords),
  },
  oci: {
    name: "Oracle Cloud",
    idle: () => connectOci({ region: "us-ashburn-1", endpoint, credentials: {} }),
    open: openOci,
    rowsOf: inWords(ociWords),
  },
} as const satisfies Record<string, Cloud>;
