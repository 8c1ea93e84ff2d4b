import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type * as AutoScaling from "@aws-sdk/client-auto-scaling";
import type * as CloudWatch from "@aws-sdk/client-cloudwatch";
import type * as CostExplorer from "@aws-sdk/client-cost-explorer";
import type * as Ebs from "@aws-sdk/client-ebs";
import type * as Ec2 from "@aws-sdk/client-ec2";
import type * as Elb from "@aws-sdk/client-elastic-load-balancing-v2";
import type * as Iam from "@aws-sdk/client-iam";
import type * as Route53 from "@aws-sdk/client-route-53";
import type * as S3 from "@aws-sdk/client-s3";
import type * as Quotas from "@aws-sdk/client-service-quotas";
import type * as Sqs from "@aws-sdk/client-sqs";
import type * as Sts from "@aws-sdk/client-sts";
import type { DeserializeHandler, DeserializeHandlerArguments } from "@smithy/types";
import type { ProviderContext } from "../provider.ts";
import { signBlockByItsChecksum } from "./block-signing.ts";
import { credentialsOf } from "./credentials.ts";
import { AwsService, type SdkClient } from "./service.ts";
import type { AwsEntry, AwsPatience } from "./settings.ts";

const connectionTimeout = 5_000;
/** Blocks are small and many: so many requests of this process are on their way at once, at most. */
const maxSockets = 128;
/** Shorter values could be any part of a sentence. */
const shortestSecret = 6;

/** The services of one site; they share their connections. */
export class Aws {
  readonly site: string;
  readonly entry: AwsEntry;
  readonly patience: AwsPatience;
  readonly ec2: AwsService<typeof Ec2>;
  readonly ebs: AwsService<typeof Ebs>;
  readonly s3: AwsService<typeof S3>;
  readonly sts: AwsService<typeof Sts>;
  readonly iam: AwsService<typeof Iam>;
  readonly quotas: AwsService<typeof Quotas>;
  readonly elb: AwsService<typeof Elb>;
  readonly autoScaling: AwsService<typeof AutoScaling>;
  readonly cloudWatch: AwsService<typeof CloudWatch>;
  readonly costExplorer: AwsService<typeof CostExplorer>;
  readonly sqs: AwsService<typeof Sqs>;
  readonly route53: AwsService<typeof Route53>;
  readonly #agents = {
    httpAgent: new HttpAgent({ keepAlive: true, maxSockets }),
    httpsAgent: new HttpsAgent({ keepAlive: true, maxSockets }),
  };
  readonly #credentials: ReturnType<typeof credentialsOf>;
  readonly log: ProviderContext["log"];
  /** AWS's clock less ours, as its last answer said; milliseconds. */
  clockSkewMs: number | undefined;
  #secrets: readonly string[] = [];

  constructor(entry: AwsEntry, context: ProviderContext, patience: AwsPatience) {
    this.site = context.site;
    this.log = context.log;
    this.entry = entry;
    this.patience = patience;
    this.#credentials = credentialsOf(
      { ...entry, credentials: this.#remembering(entry.credentials) },
      context.site,
      patience.credentialsKeptMs,
    );
    const parts = { context, patience, carried: { bytes: 0 }, redact: (text: string) => this.#redact(text) };
    type Config = Awaited<ReturnType<Aws["config"]>>;
    const service = <Sdk>(name: string, load: () => Promise<Sdk>, make: (sdk: Sdk, config: Config) => SdkClient) =>
      new AwsService<Sdk>(name, parts, async () => {
        const [sdk, config] = await Promise.all([load(), this.config()]);
        return { sdk, client: make(sdk, config) };
      });
    this.ec2 = service(
      "ec2",
      () => import("@aws-sdk/client-ec2"),
      (sdk, config) => new sdk.EC2Client(config),
    );
    this.ebs = service(
      "ebs",
      () => import("@aws-sdk/client-ebs"),
      (sdk, config) => {
        const client = new sdk.EBSClient(config);
        client.middlewareStack.add(signBlockByItsChecksum, { step: "build", name: "signBlockByItsChecksum" });
        return client;
      },
    );
    // Buckets of an endpoint of one's own have no host names.
    const forcePathStyle = entry.endpoint !== undefined;
    this.s3 = service(
      "s3",
      () => import("@aws-sdk/client-s3"),
      (sdk, config) => {
        return new sdk.S3Client({ ...config, forcePathStyle });
      },
    );
    this.sts = service(
      "sts",
      () => import("@aws-sdk/client-sts"),
      (sdk, config) => {
        const client = new sdk.STSClient(config);
        client.middlewareStack.add(noteClockOf(this), { step: "deserialize", name: "noteClock" });
        return client;
      },
    );
    this.iam = service(
      "iam",
      () => import("@aws-sdk/client-iam"),
      (sdk, config) => new sdk.IAMClient(config),
    );
    this.quotas = service(
      "quotas",
      () => import("@aws-sdk/client-service-quotas"),
      (sdk, config) => {
        return new sdk.ServiceQuotasClient(config);
      },
    );
    this.elb = service(
      "elasticloadbalancing",
      () => import("@aws-sdk/client-elastic-load-balancing-v2"),
      (sdk, config) => new sdk.ElasticLoadBalancingV2Client(config),
    );
    this.autoScaling = service(
      "autoscaling",
      () => import("@aws-sdk/client-auto-scaling"),
      (sdk, config) => new sdk.AutoScalingClient(config),
    );
    this.cloudWatch = service(
      "cloudwatch",
      () => import("@aws-sdk/client-cloudwatch"),
      (sdk, config) => new sdk.CloudWatchClient(config),
    );
    this.costExplorer = service(
      "ce",
      () => import("@aws-sdk/client-cost-explorer"),
      (sdk, config) => new sdk.CostExplorerClient(config),
    );
    this.sqs = service(
      "sqs",
      () => import("@aws-sdk/client-sqs"),
      // An endpoint of one's own is the one that is to be called, whatever a queue's address says.
      (sdk, config) => new sdk.SQSClient({ ...config, useQueueUrlAsEndpoint: false }),
    );
    this.route53 = service(
      "route53",
      () => import("@aws-sdk/client-route-53"),
      (sdk, config) => new sdk.Route53Client(config),
    );
  }

  /** As a person would look it up. */
  resource(kind: string, id: string): string {
    return `${this.site}/${kind}/${id}`;
  }

  async config() {
    const { NodeHttpHandler } = await import("@smithy/node-http-handler");
    const { region, endpoint } = this.entry;
    return {
      region,
      ...(endpoint !== undefined && { endpoint }),
      ...(this.#credentials && { credentials: this.#credentials }),
      // Repeating is decided in one place, `service.ts`.
      maxAttempts: 1,
      requestHandler: new NodeHttpHandler({
        ...this.#agents,
        connectionTimeout,
        requestTimeout: this.patience.requestTimeoutMs,
        throwOnRequestTimeout: true,
        // Waiting for a socket is what a full pipe looks like.
        socketAcquisitionWarningTimeout: 60_000,
      }),
    };
  }

  close(): void {
    const { ec2, ebs, s3, sts, iam, quotas, elb, autoScaling, cloudWatch, costExplorer, sqs, route53 } = this;
    const all = [ec2, ebs, s3, sts, iam, quotas, elb, autoScaling, cloudWatch, costExplorer, sqs, route53];
    for (const service of all) service.destroy();
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  /** Notes what must never show up in an error. */
  #remembering(credentials: AwsEntry["credentials"]): AwsEntry["credentials"] {
    if (!credentials) return undefined;
    return async () => {
      const given = await credentials();
      this.#secrets = Object.values(given.values).filter((value) => value.length >= shortestSecret);
      return given;
    };
  }

  #redact(text: string): string {
    return this.#secrets.reduce((clean, secret) => clean.replaceAll(secret, "***"), text);
  }
}

/** Every answer of AWS carries its own time. */
function noteClockOf(aws: Aws) {
  return <Input extends object, Output extends object>(next: DeserializeHandler<Input, Output>) =>
    async (args: DeserializeHandlerArguments<Input>) => {
      const result = await next(args);
      const { headers = {} } = result.response as { headers?: Record<string, string> };
      const at = Date.parse(headers.date ?? "");
      if (Number.isFinite(at)) aws.clockSkewMs = at - Date.now();
      return result;
    };
}
