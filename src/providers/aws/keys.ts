import type { KeysFacet, ListedKey, MadeKey } from "../cloud-facets.ts";
import { type Subject, unsupported } from "../failures.ts";
import type { ProviderContext } from "../provider.ts";
import { Aws } from "./client.ts";
import { goneIsUndefined } from "./describe.ts";

/** The access keys of the IAM user that we are. Two are the most that IAM gives one. */
export class AwsKeys implements KeysFacet {
  /** "Changes that I make are not always immediately visible", of IAM's troubleshooting. */
  readonly acceptedWithinMs = 120_000;
  readonly #aws: Aws;
  readonly #context: ProviderContext;

  constructor(aws: Aws, context: ProviderContext) {
    this.#aws = aws;
    this.#context = context;
  }

  async listKeys(signal: AbortSignal): Promise<ListedKey[]> {
    const subject = await this.#ownUser("list access keys");
    const keys: ListedKey[] = [];
    for (let Marker: string | undefined; ; ) {
      const page = await this.#aws.iam.send((sdk) => new sdk.ListAccessKeysCommand({ Marker }), subject, signal);
      for (const { AccessKeyId: keyId, CreateDate } of page.AccessKeyMetadata ?? []) {
        if (keyId !== undefined && CreateDate) keys.push({ keyId, createdAt: CreateDate.toISOString() });
      }
      Marker = page.Marker;
      if (!page.IsTruncated || Marker === undefined) return keys;
    }
  }

  async createKey(_mark: string, signal: AbortSignal): Promise<MadeKey> {
    const subject = await this.#ownUser("create an access key");
    // Without a user's name it is the caller's own.
    const { AccessKey } = await this.#aws.iam.send((sdk) => new sdk.CreateAccessKeyCommand({}), subject, signal);
    const { AccessKeyId = "", SecretAccessKey = "" } = AccessKey ?? {};
    return { keyId: AccessKeyId, values: { access_key: AccessKeyId, secret_key: SecretAccessKey } };
  }

  async tryKey(values: Readonly<Record<string, string>>, signal: AbortSignal): Promise<void> {
    const entry = { ...this.#aws.entry, credentials: async () => ({ type: "access_key", values }) };
    const other = new Aws(entry, this.#context, this.#aws.patience);
    try {
      const subject = this.#subject("try an access key");
      await other.sts.send((sdk) => new sdk.GetCallerIdentityCommand({}), subject, signal);
    } finally {
      other.close();
    }
  }

  async retireKey(keyId: string, signal: AbortSignal): Promise<void> {
    const subject = await this.#ownUser("delete an access key");
    await goneIsUndefined(
      this.#aws.iam.send((sdk) => new sdk.DeleteAccessKeyCommand({ AccessKeyId: keyId }), subject, signal),
    );
  }

  /** @throws ProviderError UnsupportedCapability for credentials that AWS renews by itself, or that are somebody else's. */
  async #ownUser(operation: string): Promise<Subject> {
    const subject = this.#subject(operation);
    const { type = "access_key", values } = (await this.#aws.entry.credentials?.()) ?? { type: "none", values: {} };
    if (type === "access_key" && values.session_token === undefined) return subject;
    throw unsupported(
      subject,
      "the site's credentials are no access key of a user's",
      "Leave it out of rotation.sites.",
    );
  }

  #subject(operation: string): Subject {
    return { operation, resource: this.#aws.resource("access-key", "own") };
  }
}
