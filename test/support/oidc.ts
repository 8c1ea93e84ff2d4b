import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Configuration, Provider } from "oidc-provider";
import { freePorts } from "../../src/host/ports.ts";
import type { Cleaner } from "./servers.ts";

/** How the next person at the provider's log-in page logs in. */
export interface LogIn {
  readonly person: string;
  readonly amr?: readonly string[];
  readonly acr?: string;
}

export interface TestIdentityProvider {
  readonly issuer: string;
  next: LogIn;
  readonly groups: Map<string, readonly string[]>;
  /** As if it were down: nobody answers at its port. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

export const clientSecret = "the-test-client-secret-0123456789";
const port = (server: Server) => (server.address() as AddressInfo).port;

/** A real OpenID provider on loopback, whose log-in page is filled in as the test says. */
export async function startIdentityProvider(cleaner: Cleaner, redirectUri: string): Promise<TestIdentityProvider> {
  const [wanted = 0] = await freePorts(1);
  const issuer = `http://127.0.0.1:${wanted}`;
  const groups = new Map<string, readonly string[]>();
  const provider = new Provider(issuer, configuration(redirectUri, groups));
  provider.on("server_error", (_context, error) => console.error(error));
  let server: Server | undefined;
  const idp: TestIdentityProvider = {
    issuer,
    groups,
    next: { person: "nobody" },
    async start() {
      const answer = provider.callback();
      server = createServer((request, response) => {
        if (!request.url?.startsWith("/interaction/")) {
          void answer(request, response);
          return;
        }
        const { person: accountId, amr, acr } = idp.next;
        const login = { accountId, ...(amr ? { amr: [...amr] } : {}), ...(acr ? { acr } : {}) };
        void provider.interactionFinished(request, response, { login }, { mergeWithLastSubmission: false });
      });
      await new Promise<void>((resolve) => server?.listen(wanted, "127.0.0.1", resolve));
      if (port(server) !== wanted) throw new Error("the port was taken");
    },
    async stop() {
      const stopping = server;
      server = undefined;
      stopping?.closeAllConnections();
      await new Promise((resolve) => (stopping ? stopping.close(resolve) : resolve(undefined)));
    },
  };
  await idp.start();
  cleaner.after(() => idp.stop());
  return idp;
}

function configuration(redirectUri: string, groups: ReadonlyMap<string, readonly string[]>): Configuration {
  return {
    clients: [
      {
        client_id: "novacron",
        client_secret: clientSecret,
        redirect_uris: [redirectUri],
        response_types: ["code"],
        grant_types: ["authorization_code"],
        token_endpoint_auth_method: "client_secret_post",
      },
    ],
    claims: { openid: ["sub", "acr", "amr", "auth_time"], profile: ["name", "groups"], email: ["email"] },
    acrValues: ["gold"],
    pkce: { required: () => true },
    cookies: { keys: ["a-key-of-the-test"] },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { enabled: true } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_context, accountId) => ({
      accountId,
      claims: async () => ({
        sub: accountId,
        name: `${accountId} the tester`,
        email: `${accountId}@example.com`,
        groups: [...(groups.get(accountId) ?? [])],
      }),
    }),
    // Nobody is asked what they consent to.
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({
        clientId: context.oidc.client?.clientId ?? "",
        accountId: context.oidc.session?.accountId ?? "",
      });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
  };
}

/** As much of a browser as a sign-in needs: it keeps cookies by host and port, and follows redirects. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();

  async visit(url: string, init: RequestInit = {}): Promise<Response> {
    let next = url;
    for (let hops = 0; hops < 12; hops++) {
      const response = await this.once(next, hops === 0 ? init : {});
      const location = response.headers.get("location");
      if (response.status < 300 || response.status >= 400 || location === null) return response;
      next = new URL(location, next).href;
    }
    throw new Error(`too many redirects from ${url}`);
  }

  async once(url: string, init: RequestInit = {}): Promise<Response> {
    const { origin } = new URL(url);
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, jar);
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { ...(cookie ? { cookie } : {}), ...(init.headers as Record<string, string>) };
    const response = await fetch(url, { ...init, headers, redirect: "manual" });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
      if (value === "" || /max-age=0|expires=Thu, 01 Jan 1970/i.test(line)) jar.delete(name);
      else jar.set(name, value);
    }
    return response;
  }

  cookies(origin: string): ReadonlyMap<string, string> {
    return this.#cookies.get(origin) ?? new Map();
  }
}
