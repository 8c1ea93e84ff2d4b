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
import { type CloudWords, type Row, rowIn, rowsIn } from "./table.ts";
import { azureWords } from "./words/azure.ts";
import { gcpWords } from "./words/gcp.ts";
import { byHelpers } from "./words/helpers.ts";
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
  /** A row with what the cloud's words say of it, if anything. */
  inWords(row: Row): Row;
  /** Suites whose deciding requests have their rows in `runRows`. */
  readonly decided: readonly SuiteTitle[];
  /** What comes before the first request of any call: struck once. */
  readonly signIn?: string;
  /** Calls whose faults have tests of their own: which. */
  readonly elsewhere: Readonly<Record<string, string>>;
}

const saidBy = (words: CloudWords): Pick<Cloud, "rowsOf" | "inWords"> => ({
  rowsOf: (title) => rowsIn(words, suites[title]),
  inWords: (row) => rowIn(words, row),
});

/** The clouds that are simulated, each with its rows of the table of faults. */
export const clouds: Readonly<Record<"aws" | "azure" | "gcp" | "oci", Cloud>> = {
  aws: {
    name: "AWS",
    idle: () => connectAws({ region: "us-east-1", endpoint }),
    open: () => AwsFaultSite.open(),
    rowsOf: (title: SuiteTitle) => suites[title],
    inWords: (row: Row) => row,
    decided: titles,
    elsewhere: {},
  },
  azure: {
    name: "Azure",
    idle: () => connectAzure({ region: "eastus", endpoint, ...azure }),
    open: openAzure,
    ...saidBy(azureWords),
    decided: ["traffic"],
    signIn: "login:token",
    elsewhere: { "events.watch": "test/providers/azure-events.test.ts" },
  },
  gcp: {
    name: "Google Cloud",
    idle: () => connectGcp({ project: "p", zone: "us-central1-a", endpoint, key: {} }),
    open: openGcp,
    ...saidBy(gcpWords),
    decided: ["traffic"],
    elsewhere: { "events.watch": "test/providers/gcp-events.test.ts", ...byHelpers },
  },
  oci: {
    name: "Oracle Cloud",
    idle: () => connectOci({ region: "us-ashburn-1", endpoint, credentials: {} }),
    open: openOci,
    ...saidBy(ociWords),
    decided: ["traffic"],
    elsewhere: { "events.watch": "test/providers/oci-events.test.ts", ...byHelpers },
  },
};
