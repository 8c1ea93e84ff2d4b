import type { Store } from "../../store/index.ts";
import { Oidc, type OidcSettings } from "./oidc.ts";
import { type SessionLimits, Sessions } from "./sessions.ts";

/** How people sign in; without `oidc` there are only tokens. */
export interface AuthSettings {
  /** Where browsers reach the API: the provider sends them back there. */
  readonly publicUrl: string;
  readonly oidc: OidcSettings | undefined;
  readonly sessions: SessionLimits;
}

export interface Auth {
  readonly oidc: Oidc | undefined;
  readonly sessions: Sessions;
  readonly mfaMaxAgeMs: number;
  /** Set by the one who believes; see Authenticator. */
  forget(hash: string): void;
}

const defaults: AuthSettings = {
  publicUrl: "http://127.0.0.1",
  oidc: undefined,
  sessions: { idleMs: 30 * 60_000, maxMs: 12 * 3_600_000 },
};

export function createAuth(store: Store, settings: AuthSettings = defaults): Auth {
  const { oidc, publicUrl } = settings;
  return {
    oidc: oidc && new Oidc(oidc, publicUrl),
    sessions: new Sessions(store, settings.sessions, oidc?.roles ?? []),
    mfaMaxAgeMs: oidc?.mfaMaxAgeMs ?? 0,
    forget: () => undefined,
  };
}
