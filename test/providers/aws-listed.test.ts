import { startAwsLab } from "../sandbox/aws/support.ts";
import { runListed } from "./support/aws-listed.ts";

runListed("the simulated AWS", async () => {
  const lab = await startAwsLab({ networkPendingMs: 0 });
  const { endpoint, cloud } = lab.aws;
  return {
    address: { region: "us-east-1", endpoint, keys: cloud.identity.administratorKeys },
    close: () => lab.close(),
  };
});
