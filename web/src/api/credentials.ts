/**
 * How this tab proves who sits there. People sign in at their identity provider: the session is a cookie that scripts can't
 * read, with a token against forged requests beside it. Without one there are API tokens: kept for this tab, gone with it.
 */
const key = "novacron-token";
let csrfToken: string | undefined;

export function keptToken(): string | undefined {
  return sessionStorage.getItem(key) ?? undefined;
}

export function keepToken(token: string): void {
  sessionStorage.setItem(key, token);
}

export function forgetToken(): void {
  sessionStorage.removeItem(key);
  csrfToken = undefined;
}

export function noteCsrfToken(token: string | undefined): void {
  csrfToken = token;
}

/** What a request carries. */
export function credentialHeaders(method: string): Record<string, string> {
  const token = keptToken();
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  return csrfToken === undefined || method === "GET" ? {} : { "x-csrf-token": csrfToken };
}
