/** What the signature of a webhook is over: HMAC-SHA-256 with the webhooks' key, in hexadecimal. @param at - seconds since 1970. */
export function signedText(at: number, body: string): string {
  return `${at}.${body}`;
}

/** @param delivery - the same for each attempt at the same call, so that a receiver can tell a repeat. */
export function webhookHeaders(delivery: string, at: number, signature: string): Record<string, string> {
  return {
    "x-novacron-delivery": delivery,
    "x-novacron-timestamp": String(at),
    "x-novacron-signature": `sha256=${signature}`,
  };
}
