import { awsCensus } from "./support/aws-census.ts";
import { rollbackSuite, startedAt, twoDisks } from "./support/rollback-suite.ts";

rollbackSuite({
  from: "onprem-a",
  to: "aws-us-east-1",
  makeVm: async (lab) => startedAt(lab, "onprem-a", await twoDisks(lab)),
  outside: awsCensus,
});
