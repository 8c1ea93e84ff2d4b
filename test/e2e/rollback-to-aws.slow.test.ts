import type { Lab } from "../support/lab.ts";
import { awsCensus } from "./support/aws-census.ts";
import { quickAws } from "./support/quick-aws.ts";
import { rollbackSuite, startedAt, twoDisks } from "./support/rollback-suite.ts";

async function made(lab: Lab): Promise<string> {
  await quickAws(lab);
  return startedAt(lab, "onprem-a", await twoDisks(lab));
}

rollbackSuite({ from: "onprem-a", to: "aws-us-east-1", makeVm: made, outside: awsCensus });
