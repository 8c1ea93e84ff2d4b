import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A stand-in for HashiCorp Vault, which can't be had here: AppRole log-in, tokens that are revoked, KV version 2, and an
 * engine that makes AWS credentials. It answers as https://developer.hashicorp.com/vault/api-docs says; nothing shown with
 * it was seen on a real Vault.
 */
export class VaultStandIn {
  readonly kv = new Map<string, Record<string, string>>();
  readonly tokens = new Set<string>(["a-root-token-of-the-stand-in"]);
  /** Paths in the order they were asked for. */
  readonly asked: string[] = [];
  leaseSeconds = 3_600;
  down = false;
  #made = 0;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const path = (request.url ?? "").replace("/v1/", "");
    this.asked.push(path);
    const send = (status: number, body: object) => response.writeHead(status).end(JSON.stringify(body));
    if (this.down) return void send(503, { errors: ["Vault is sealed"] });
    if (path === "auth/approle/login") {
      const { role_id: role, secret_id: secret } = JSON.parse(text) as { role_id: string; secret_id: string };
      if (role !== "novacron" || secret !== "the-secret-id") return void send(400, { errors: ["invalid secret id"] });
      const token = `made-token-${(this.#made += 1)}`;
      this.tokens.add(token);
      return void send(200, { auth: { client_token: token, lease_duration: 3_600 } });
    }
    if (!this.tokens.has(String(request.headers["x-vault-token"]))) {
      return void send(403, { errors: ["permission denied"] });
    }
    if (path === "aws/creds/novacron") {
      const number = (this.#made += 1);
      return void send(200, {
        lease_id: `aws/creds/novacron/${number}`,
        lease_duration: this.leaseSeconds,
        data: { access_key: `AKIA${number}`, secret_key: `secret-${number}`, security_token: `session-${number}` },
      });
    }
    const kept = this.kv.get(path);
    if (!kept) return void send(404, { errors: [] });
    send(200, { lease_duration: 0, data: { data: kept, metadata: { version: 1 } } });
  }
}
