import { randomBytes } from "node:crypto";
import { createAwsProvider } from "../../../src/providers/aws/index.ts";
import type { Provider } from "../../../src/providers/provider.ts";
import type { ConformanceHarness } from "../harness.ts";
import { sweep } from "./sweep.ts";

const { NOVACRON_IT_AWS: wanted, AWS_REGION: region = process.env.AWS_DEFAULT_REGION ?? "us-east-1" } = process.env;

/** What the suite was counted to use against the simulated AWS, and what that costs at us-east-1's list prices at most. */
const cost = [
  `This uses a real AWS account, in ${region}. It makes, and removes again:`,
  "- 16 instances of the smallest type with one vCPU (c7a.medium: 0.05132 USD an hour, 2026-07-20), 40 starts of them.",
  "  Of an hour or two, with one or two of them at a time: at most 4 instance hours, 0.21 USD;",
  "- 42 volumes and some 50 snapshots of 1 GiB that hold a few MiB, each for minutes;",
  "- some 50 block writes, 60 block reads and 60 lists over EBS direct (0.006, 0.003 and 0.0006 USD for 1,000);",
  "- a VPC, a security group, an Elastic IP, a bucket with an object of 17 MiB, each for a minute.",
  "In all well under 0.50 USD. It runs only where NovaCron has nothing yet, and removes all that has its tag at the end.",
].join("\n");

const outOfReach = "nobody can write to an instance's disk from outside at AWS; seen against the simulated one";

export const harness: ConformanceHarness = {
  kind: "aws (a real account)",
  module: import.meta.url,
  timeoutMs: 3 * 3_600_000,
  runId: `it-${randomBytes(4).toString("hex")}`,
  differences: Object.fromEntries(
    [
      "a clone never changes its point, and knows what it changed",
      "a point of a stopped VM is one moment, and its changes are known afterwards",
      "a point of a running VM keeps its moment while the guest writes on",
      "a fenced VM's disk serves as a recovery point until it changes, and its bytes as long as needed",
      "an adopted disk that changed is refused as a point and as a parent, or shows what it was",
    ].map((name) => [name, outOfReach]),
  ),
  unavailable: () =>
    wanted === "1"
      ? undefined
      : "a real account is used with NOVACRON_IT_AWS=1 and credentials only (the AWS provider's README says what it costs)",
  async open() {
    console.log(cost);
    const provider = connect();
    try {
      const checks = await provider.check(AbortSignal.timeout(120_000));
      const failed = checks.find(({ result }) => result === "fail");
      if (failed) throw new Error(`${failed.check}: ${failed.detail}. ${failed.remedy}`);
      const there = await Array.fromAsync(provider.census(AbortSignal.timeout(120_000)));
      if (there.length > 0) {
        const names = there.map(({ kind, id }) => `${kind} ${id}`).join(", ");
        throw new Error(`NovaCron has something in this account already; use another one or region: ${names}`);
      }
    } catch (error) {
      await provider.close();
      throw error;
    }
    return {
      provider,
      descriptor: {},
      bus: "nvme",
      tracking: "changed-blocks",
      wholeLeaves: true,
      writeAsGuest: () => Promise.reject(new Error(outOfReach)),
      async close() {
        const left = await sweep(provider, AbortSignal.timeout(1_800_000));
        await provider.close();
        if (left.length > 0) throw new Error(`These are left in the account; remove them: ${left.join("; ")}`);
      },
    };
  },
  connect,
};

/** With the patience that AWS needs, and the credentials that the SDK finds. */
function connect(): Provider {
  return createAwsProvider({
    entry: { region, simulated: false },
    context: {
      site: `aws-${region}`,
      budget: () => ({ take: async () => {} }),
      log: (level, message, facts) => console.error(level, message, facts),
    },
  });
}
