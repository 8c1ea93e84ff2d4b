import { createHash } from "node:crypto";
import { InTurn } from "../../cloud/in-turn.ts";
import type { AwsCloud, Call } from "../cloud.ts";
import { AwsError, invalidParameter } from "../errors.ts";

/** At least as long as AWS promises for RunInstances. */
const rememberedMs = 48 * 3_600_000;

/** Calls with a token that are under way, by token: a repeat that comes meanwhile waits for them. */
const underWay = new WeakMap<AwsCloud, InTurn>();

/**
 * Makes a call with a client token happen once
 * (https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html): a repeat gets what the first one made, also
 * when the first one is still being carried out.
 * @throws AwsError IdempotentParameterMismatch when the repeat asks for something else.
 */
export async function once<T>(
  cloud: AwsCloud,
  call: Call,
  input: { readonly ClientToken?: string },
  act: (remember: (resourceIds: readonly string[]) => void) => T | Promise<T>,
  again: (resourceIds: readonly string[]) => T | Promise<T>,
): Promise<T> {
  const { ClientToken: token, ...rest } = input;
  if (token === undefined) return act(() => {});
  if (token.length > 64 || !/^[\x21-\x7e]+$/.test(token)) throw invalidParameter("clientToken", token);
  const id = `${call.region}/${call.operation}/${token}`;
  return alone(cloud, id, () => onceAlone(cloud, { id, rest }, act, again));
}

/** Carries out one call with this token after the other. */
export async function alone<T>(cloud: AwsCloud, id: string, act: () => T | Promise<T>): Promise<T> {
  const turns = underWay.get(cloud) ?? new InTurn();
  underWay.set(cloud, turns);
  return turns.run(id, act);
}

async function onceAlone<T>(
  cloud: AwsCloud,
  { id, rest }: { id: string; rest: object },
  act: (remember: (resourceIds: readonly string[]) => void) => T | Promise<T>,
  again: (resourceIds: readonly string[]) => T | Promise<T>,
): Promise<T> {
  const { tokens } = cloud.tables;
  for (const old of tokens.where(({ at }) => Date.now() - at > rememberedMs)) tokens.delete(old.id);
  const fingerprint = createHash("sha256").update(JSON.stringify(rest)).digest("hex");
  const known = tokens.get(id);
  if (known && known.fingerprint !== fingerprint) {
    throw new AwsError(
      "IdempotentParameterMismatch",
      "The client token you have provided is associated with a resource that has different parameters",
    );
  }
  if (known) return again(known.resourceIds);
  return act((resourceIds) => tokens.put({ id, fingerprint, resourceIds, at: Date.now() }));
}
