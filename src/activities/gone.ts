import { isProviderError } from "../domain/errors.ts";

/** For removals and look-ups where "it is not there" is a fine answer. */
export async function goneIsFine<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isProviderError(error, "NotFound")) return undefined;
    throw error;
  }
}
