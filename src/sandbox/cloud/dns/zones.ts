import { codes, type Query, type Reply, recordData, typeNumbers, type WireRecord } from "./wire.ts";

/** All values of one name and type, as a zone's name servers answer with them. */
export interface ServedRecord {
  /** Whole, in lower case, without the dot at its end. */
  readonly name: string;
  readonly type: string;
  readonly ttlSeconds: number;
  /** As people write them: `192.0.2.1`, `"a text"`, `10 mail.example.org.`. */
  readonly values: readonly string[];
}

export interface ServedZone {
  readonly name: string;
  /** With an SOA record at the zone's name. */
  readonly records: readonly ServedRecord[];
}

/** Names that follow each other's CNAME, at most. */
const longestChain = 8;

/** What the name servers of these zones say; of a name in none of them they know nothing (REFUSED). */
export function answerFrom(zones: readonly ServedZone[], query: Query): Reply {
  const answers: WireRecord[] = [];
  let name = query.name;
  for (let link = 0; link < longestChain; link++) {
    const zone = zoneOf(zones, name);
    if (!zone) {
      // A CNAME may lead to where others know more.
      const code = link === 0 ? codes.refused : codes.noError;
      return { code, authoritative: link > 0, answers, authority: [] };
    }
    const here = zone.records.filter((record) => record.name === name);
    const found = here.filter(({ type }) => typeNumbers[type] === query.type);
    if (found.length > 0) {
      answers.push(...found.flatMap(wireRecords));
      return { code: codes.noError, authoritative: true, answers, authority: [] };
    }
    const alias = here.find(({ type }) => type === "CNAME");
    const [target] = alias?.values ?? [];
    if (!alias || target === undefined) {
      const exists = here.length > 0 || zone.records.some((record) => record.name.endsWith(`.${name}`));
      const authority = zone.records.filter(({ type }) => type === "SOA").flatMap(negative);
      return { code: exists ? codes.noError : codes.nameError, authoritative: true, answers, authority };
    }
    answers.push(...wireRecords(alias));
    name = target.toLowerCase().replace(/\.$/, "");
  }
  return { code: codes.noError, authoritative: true, answers, authority: [] };
}

function zoneOf(zones: readonly ServedZone[], name: string): ServedZone | undefined {
  return zones
    .filter((zone) => name === zone.name || name.endsWith(`.${zone.name}`))
    .toSorted((a, b) => b.name.length - a.name.length)[0];
}

function wireRecords({ name, type, ttlSeconds, values }: ServedRecord): WireRecord[] {
  const number = typeNumbers[type];
  return values.flatMap((value) => {
    const data = number === undefined ? undefined : recordData(type, value);
    return number === undefined || !data ? [] : [{ name, type: number, ttlSeconds, data }];
  });
}

/** That there is nothing is kept for the SOA's last number, or its TTL if that is less (RFC 2308, 5). */
function negative(soa: ServedRecord): WireRecord[] {
  const least = Number(soa.values[0]?.split(/\s+/).at(-1) ?? soa.ttlSeconds);
  return wireRecords({ ...soa, ttlSeconds: Math.min(soa.ttlSeconds, least) });
}
