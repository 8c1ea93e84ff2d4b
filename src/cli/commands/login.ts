import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { answerOf, apiUrlOf, connectApi, publicApi } from "../client.ts";
import { CliError } from "../failure.ts";
import { dropLogin, keepLogin } from "../login-file.ts";
import { show } from "../output.ts";
import type { CommonOptions } from "./options.ts";

const waitMs = 10 * 60_000;
const page = "Signed in. You can close this page and go back to the command line.";

/** Signs a person in by their browser: the identity provider sends it back to a port of this machine that only we wait
 *  on, with a code that only we can redeem. */
export async function login(options: CommonOptions & { browser: boolean; stepUp?: boolean }): Promise<void> {
  const baseUrl = apiUrlOf(options);
  const [verifier, state] = [randomSecret(), randomSecret()];
  const challenge = createHash("sha256").update(verifier).digest("base64url");
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = new URL("/v1/auth/sign-in", baseUrl);
    url.searchParams.set("cli_port", String((server.address() as AddressInfo).port));
    url.searchParams.set("cli_challenge", challenge);
    url.searchParams.set("cli_state", state);
    if (options.stepUp) url.searchParams.set("step_up", "true");
    process.stderr.write(`Sign in with a browser on this machine:\n\n  ${url.href}\n\n`);
    if (options.browser) openBrowser(url.href);
    const code = await codeFor(server, state);
    const { token, ends_at: endsAt } = await answerOf(
      publicApi(baseUrl).POST("/v1/auth/sessions", { body: { code, verifier } }),
    );
    keepLogin(baseUrl, token);
    const caller = await answerOf(connectApi(options).api.GET("/v1/auth/session"));
    await show({ name: caller.name, id: caller.id, ends_at: endsAt }, options.output, async (who) => {
      return `Signed in as ${who.name} (${who.id}), until ${who.ends_at}.`;
    });
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

export async function logout(options: CommonOptions): Promise<void> {
  const { api, baseUrl } = connectApi(options);
  try {
    await answerOf(api.POST("/v1/auth/sign-out"));
  } finally {
    dropLogin(baseUrl);
  }
  await show({ signed_out: true }, options.output, async () => "Signed out.");
}

function codeFor(server: Server, state: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new CliError("Nobody signed in within ten minutes", "Try again.")), waitMs);
    server.on("request", (request, response) => {
      const { searchParams } = new URL(request.url ?? "/", "http://127.0.0.1");
      const code = searchParams.get("code");
      const ours = code !== null && searchParams.get("state") === state;
      response.writeHead(ours ? 200 : 404, { "Content-Type": "text/plain; charset=utf-8", Connection: "close" });
      response.end(ours ? page : "Nothing is here.");
      if (!ours) return;
      clearTimeout(late);
      response.once("finish", () => resolve(code));
    });
  });
}

/** Where there is none, the printed address is enough. */
function openBrowser(url: string): void {
  const opener = spawn("xdg-open", [url], { stdio: "ignore", detached: true });
  opener.on("error", () => undefined);
  opener.unref();
}

function randomSecret(): string {
  return randomBytes(32).toString("base64url");
}
