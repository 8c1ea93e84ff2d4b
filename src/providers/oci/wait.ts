/** Of a look-up that several callers share. */
export const lookUpWithinMs = 5 * 60_000;

/** Waits for work that several callers share: who gives up leaves it to the others. @throws the signal's reason once it is aborted. */
export async function shared<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let give = () => {};
  const given = new Promise<never>((_, reject) => {
    give = () => reject(signal.reason);
    if (signal.aborted) give();
    else signal.addEventListener("abort", give, { once: true });
  });
  try {
    return await Promise.race([work, given]);
  } finally {
    signal.removeEventListener("abort", give);
  }
}
