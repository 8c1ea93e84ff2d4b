import { ConfigError } from "../config/config-error.ts";
import type { Runtime } from "../config/runtime.ts";

/** Where a worker of a site takes connections of others, and how they reach that. */
export interface DataAddress {
  readonly host: string;
  readonly port: number;
  /** `HOST:PORT` for other sites' workers, once it listens at that port. */
  told(port: number): string;
}

/** Addresses of every interface, which are nobody's elsewhere; as a URL writes them. */
const wildcards = ["0.0.0.0", "0", "[::]", "[::ffff:0:0]"];

/** Undefined for a worker that only calls out.
 *  @throws ConfigError when others would be told what leads them nowhere. */
export function readDataAddress({
  dataListen,
  dataAddress,
}: Pick<Runtime, "dataListen" | "dataAddress">): DataAddress | undefined {
  if (dataListen === undefined) return undefined;
  const listen = new URL(`tls://${dataListen}`);
  if (wildcards.includes(new URL(`tls://${dataAddress ?? dataListen}`).hostname)) {
    throw new ConfigError({
      file: "the environment",
      key: "NOVACRON_DATA_ADDRESS",
      problem: `${dataAddress ?? dataListen} is no address at which workers of other sites reach this machine`,
      fix: "Set it (or --address of novacron join) to the HOST:PORT that they reach.",
    });
  }
  return {
    host: listen.hostname.replace(/^\[|\]$/g, ""),
    port: Number(listen.port),
    told: (port) => dataAddress ?? `${listen.hostname}:${port}`,
  };
}
