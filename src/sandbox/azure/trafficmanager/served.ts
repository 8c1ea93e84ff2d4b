import { isIPv4 } from "node:net";
import { Turns } from "../../cloud/balancing/turns.ts";
import type { ServedRecord, ServedZone } from "../../cloud/dns/zones.ts";
import type { Kinds } from "../arm/kinds.ts";
import type { Json } from "../state.ts";
import { textOf } from "../text.ts";
import { isEnabled, type ProfileFacts, profileSuffix, profileType, relativeName } from "./profiles.ts";

/** What Traffic Manager's name servers answer: one of the profile's endpoints, by weight, whatever the profile's method. */
export class ProfileNames {
  readonly #kinds: Kinds;
  readonly #turns = new Map<string, Turns>();

  constructor(kinds: Kinds) {
    this.#kinds = kinds;
  }

  zone(): ServedZone {
    const soa = `ns1.${profileSuffix} hostmaster.${profileSuffix} 1 900 300 604800 30`;
    const profiles = this.#kinds.of<ProfileFacts>(profileType).filter((profile) => isEnabled(profile, "profileStatus"));
    return {
      name: profileSuffix,
      records: [
        { name: profileSuffix, type: "SOA", ttlSeconds: 30, values: [soa] },
        ...profiles.flatMap((profile) => {
          const ttl = (profile.properties.dnsConfig as Json).ttl;
          const open = profile.facts.endpoints.filter((endpoint) => isEnabled(endpoint));
          const targets = open.map(({ name, properties }) => ({
            id: name,
            weight: Number(properties.weight),
            target: textOf(properties.target),
          }));
          // A name has a CNAME or addresses: with endpoints of both kinds, those that have names answer.
          const named = targets.filter(({ target }) => !isIPv4(target));
          const [type, answering] = named.length > 0 ? (["CNAME", named] as const) : (["A", targets] as const);
          const name = `${relativeName(profile)}.${profileSuffix}`;
          return answering.length === 0 ? [] : [this.#record(name, type, Number(ttl), answering)];
        }),
      ],
    };
  }

  /** Whoever asks for it takes a turn. */
  #record(name: string, type: string, ttlSeconds: number, targets: readonly Target[]): ServedRecord {
    const turns = this.#turns.get(name) ?? new Turns();
    this.#turns.set(name, turns);
    return {
      ...{ name, type, ttlSeconds },
      get values() {
        const next = turns.next(targets);
        return next ? [next.target] : [];
      },
    };
  }
}

interface Target {
  readonly id: string;
  readonly weight: number;
  readonly target: string;
}
