import type { ConfigKey } from "./keys.ts";

const proxies = "proxies for traffic are configured with how they are reached";

/** `traffic`: proxies of ours that hold requests while a VM moves. */
export const trafficKeys: Readonly<Record<string, ConfigKey>> = {
  "traffic.listeners[]": {
    description:
      "What the proxy named `local` listens on: a name, `http` or `tcp`, the address, and where its traffic goes. With one or more `novacron up` runs that proxy.",
    example: "shop http 0.0.0.0:8080 10.0.0.5:80",
    effect: { now: "the proxy part of the stack; migrations name it as `local/shop`" },
    test: "listeners make a proxy of this machine's own",
  },
  "traffic.proxies[].name": {
    description: "Name of a proxy that runs elsewhere (`novacron proxy`). `local` is taken.",
    example: "edge",
    effect: { now: "migrations name its listeners as `edge/NAME`" },
    test: proxies,
  },
  "traffic.proxies[].control": {
    description: "URL of its control.",
    example: "https://10.0.0.9:8790",
    effect: { now: "workers tell it there what to hold, and where traffic goes" },
    test: proxies,
  },
  "traffic.proxies[].token": {
    description: "What its file `token` holds. Kept secret: never logged, shown or stored.",
    example: "${A_VARIABLE}",
    effect: { now: "shown to its control by workers" },
    test: proxies,
  },
  "traffic.proxies[].ca_file": {
    description: "The authority that its certificate is of, in PEM; default those that Node trusts.",
    example: "/etc/novacron/edge-ca.pem",
    effect: { now: "workers trust it there" },
    test: proxies,
  },
};
