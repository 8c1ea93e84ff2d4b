import assert from "node:assert/strict";
import { after, test } from "node:test";
import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmsCommand,
  GetMetricDataCommand,
  PutMetricAlarmCommand,
} from "@aws-sdk/client-cloudwatch";
import { GetSnapshotBlockCommand, ListSnapshotBlocksCommand, StartSnapshotCommand } from "@aws-sdk/client-ebs";
import {
  CreateSnapshotCommand,
  CreateVolumeCommand,
  DescribeImagesCommand,
  DescribeSnapshotsCommand,
  EnableEbsEncryptionByDefaultCommand,
  GetEbsEncryptionByDefaultCommand,
} from "@aws-sdk/client-ec2";
import { CreateKeyCommand, DescribeKeyCommand, DisableKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import {
  GetServiceQuotaCommand,
  ListAWSDefaultServiceQuotasCommand,
  ListServiceQuotasCommand,
  RequestServiceQuotaIncreaseCommand,
  ServiceQuotasClient,
} from "@aws-sdk/client-service-quotas";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { startAwsLab } from "./support.ts";

const lab = await startAwsLab();
const ec2 = lab.ec2();
after(async () => {
  await lab.close();
  assert.deepEqual(lab.complaints, []);
});

test("what a disabled key encrypted can't be made nor read", async () => {
  const kms = new KMSClient(lab.config());
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Description: "ours" }));
  const KmsKeyId = KeyMetadata?.Arn as string;
  const make = () =>
    ec2.send(new CreateVolumeCommand({ AvailabilityZone: "us-east-1a", Size: 1, Encrypted: true, KmsKeyId }));
  const { VolumeId, KmsKeyId: used } = await make();
  assert.equal(used, KmsKeyId);
  const { SnapshotId } = await ec2.send(new CreateSnapshotCommand({ VolumeId }));
  await lab.ebs().send(new ListSnapshotBlocksCommand({ SnapshotId }));
  await kms.send(new DisableKeyCommand({ KeyId: KmsKeyId }));
  assert.equal((await kms.send(new DescribeKeyCommand({ KeyId: KmsKeyId }))).KeyMetadata?.KeyState, "Disabled");
  await assert.rejects(make(), { name: "InvalidKMSKey.InvalidState" });
  await assert.rejects(lab.ebs().send(new ListSnapshotBlocksCommand({ SnapshotId })), {
    name: "AccessDeniedException",
    Reason: "DEPENDENCY_ACCESS_DENIED",
  });
  await assert.rejects(lab.ebs().send(new GetSnapshotBlockCommand({ SnapshotId, BlockIndex: 0, BlockToken: "x" })), {
    name: "AccessDeniedException",
  });
  await assert.rejects(kms.send(new DescribeKeyCommand({ KeyId: "alias/none" })), { name: "NotFoundException" });
});

test("encryption by default encrypts what doesn't ask for it, with AWS's key for EBS", async () => {
  await ec2.send(new EnableEbsEncryptionByDefaultCommand({}));
  assert.equal((await ec2.send(new GetEbsEncryptionByDefaultCommand({}))).EbsEncryptionByDefault, true);
  const started = await lab.ebs().send(new StartSnapshotCommand({ VolumeSize: 1 }));
  const { KeyMetadata } = await new KMSClient(lab.config()).send(new DescribeKeyCommand({ KeyId: "alias/aws/ebs" }));
  assert.deepEqual([started.KmsKeyArn, KeyMetadata?.KeyManager], [KeyMetadata?.Arn, "AWS"]);
  const { Snapshots } = await ec2.send(new DescribeSnapshotsCommand({ SnapshotIds: [started.SnapshotId as string] }));
  assert.equal(Snapshots?.[0]?.Encrypted, true);
});

test("quotas are told, listed in pages and raised", async () => {
  const client = new ServiceQuotasClient(lab.config());
  const vcpus = { ServiceCode: "ec2", QuotaCode: "L-1216C47A" };
  assert.equal((await client.send(new GetServiceQuotaCommand(vcpus))).Quota?.Value, 256);
  const first = await client.send(new ListServiceQuotasCommand({ ServiceCode: "ec2", MaxResults: 1 }));
  assert.deepEqual([first.Quotas?.length, typeof first.NextToken], [1, "string"]);
  await client.send(new RequestServiceQuotaIncreaseCommand({ ...vcpus, DesiredValue: 300 }));
  assert.equal((await client.send(new GetServiceQuotaCommand(vcpus))).Quota?.Value, 300);
  const listed = async (command: ListServiceQuotasCommand | ListAWSDefaultServiceQuotasCommand) => {
    const { Quotas = [] } = await client.send(command);
    return Quotas.find(({ QuotaCode }) => QuotaCode === vcpus.QuotaCode)?.Value;
  };
  assert.deepEqual(
    [
      await listed(new ListServiceQuotasCommand({ ServiceCode: "ec2" })),
      await listed(new ListAWSDefaultServiceQuotasCommand({ ServiceCode: "ec2" })),
    ],
    [300, 256],
  );
  await assert.rejects(client.send(new GetServiceQuotaCommand({ ServiceCode: "ec2", QuotaCode: "L-0" })), {
    name: "NoSuchResourceException",
  });
});

test("a public parameter names the region's image", async () => {
  const { Parameter } = await new SSMClient(lab.config()).send(
    new GetParameterCommand({ Name: "/aws/service/debian/release/12/latest/amd64" }),
  );
  const { Images } = await ec2.send(new DescribeImagesCommand({ ImageIds: [Parameter?.Value as string] }));
  assert.match(Images?.[0]?.Name ?? "", /^debian-12-amd64-simulated/);
  await assert.rejects(new SSMClient(lab.config()).send(new GetParameterCommand({ Name: "/none" })), {
    name: "ParameterNotFound",
  });
});

test("an alarm without data says so; figures that nobody measures are refused", async () => {
  const client = new CloudWatchClient(lab.config());
  const alarm = {
    Namespace: "AWS/EC2",
    MetricName: "CPUUtilization",
    Dimensions: [{ Name: "InstanceId", Value: "i-1" }],
  };
  const limits = { Period: 60, EvaluationPeriods: 1, Threshold: 80, Statistic: "Average" as const };
  await client.send(
    new PutMetricAlarmCommand({ AlarmName: "busy", ...alarm, ...limits, ComparisonOperator: "GreaterThanThreshold" }),
  );
  const { MetricAlarms } = await client.send(new DescribeAlarmsCommand({ AlarmNames: ["busy"] }));
  assert.deepEqual(
    MetricAlarms?.map(({ StateValue, Threshold }) => [StateValue, Threshold]),
    [["INSUFFICIENT_DATA", 80]],
  );
  await client.send(new DeleteAlarmsCommand({ AlarmNames: ["busy"] }));
  const times = { StartTime: new Date(Date.now() - 3_600_000), EndTime: new Date() };
  const query = (MetricName: string) => [
    { Id: "q", MetricStat: { Metric: { ...alarm, MetricName }, Period: 60, Stat: "Average" } },
  ];
  const { MetricDataResults } = await client.send(
    new GetMetricDataCommand({ ...times, MetricDataQueries: query("CPUUtilization") }),
  );
  assert.deepEqual(
    MetricDataResults?.map(({ Id, Values }) => [Id, Values]),
    [["q", []]],
  );
  await assert.rejects(
    client.send(new GetMetricDataCommand({ ...times, MetricDataQueries: query("CPUCreditBalance") })),
    /Simulated/,
  );
});
