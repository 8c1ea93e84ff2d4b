/** What can be written next in a search; docs/inventory.md describes the language. */

export interface Vocabulary {
  readonly sites: readonly string[];
  readonly providers: readonly string[];
  readonly regions: readonly string[];
  readonly tagKeys: readonly string[];
  /** Values seen for a tag, by its key. */
  readonly tagValues: Readonly<Record<string, readonly string[]>>;
}

export interface Suggestion {
  /** What takes the place of what is written between `start` and `end`. */
  readonly text: string;
  readonly what: string;
}

export interface Completion {
  readonly start: number;
  readonly end: number;
  readonly suggestions: readonly Suggestion[];
}

interface Field {
  readonly name: string;
  /** What is written after the name to go on. */
  readonly operator: string;
  readonly what: string;
  readonly examples?: readonly string[];
}

export const kinds = [
  "vm",
  "volume",
  "snapshot",
  "recovery-point",
  "image",
  "network",
  "subnet",
  "security-group",
  "address",
  "load-balancer",
  "scaling-group",
  "tunnel",
] as const;
const states = ["running", "stopped", "paused", "crashed", "available", "in-use", "pending", "failed"] as const;
const ages = ["1h", "24h", "7d", "30d", "90d", "1y"] as const;

export const searchFields: readonly Field[] = [
  { name: "name", operator: ":", what: "its name; * is any text" },
  { name: "id", operator: ":", what: "the site's own id" },
  { name: "site", operator: ":", what: "where it is" },
  { name: "provider", operator: ":", what: "the kind of cloud or host" },
  { name: "region", operator: ":", what: "the site's region" },
  { name: "kind", operator: ":", what: "what it is" },
  { name: "state", operator: ":", what: "the site's word for its state" },
  { name: "owner", operator: ":", what: "the tag owner, team or contact" },
  { name: "project", operator: ":", what: "the tag project" },
  { name: "type", operator: ":", what: "the site's word for its size" },
  { name: "tag.", operator: "", what: "a tag, with or without a value" },
  { name: "cpus", operator: ">", what: "virtual CPUs", examples: [">4", ":2..8", ">=16"] },
  { name: "memory", operator: ">", what: "GiB unless a unit is said", examples: [">=64GiB", ":4..16"] },
  { name: "size", operator: ">", what: "of disks, GiB unless a unit is said", examples: [">500", "<20"] },
  { name: "cost", operator: ">", what: "US dollars a month", examples: [">100", ":unknown", ":0"] },
  { name: "created", operator: ">", what: "when it was made", examples: [">1y", ":2026-11", "<7d"] },
  { name: "changed", operator: "<", what: "since when it is as it is", examples: ["<1d", ":yesterday", ">90d"] },
  { name: "first_seen", operator: "<", what: "when we first saw it", examples: ["<7d"] },
  { name: "running", operator: ">", what: "running for longer", examples: ages.map((age) => `>${age}`) },
  { name: "stopped", operator: ">", what: "stopped for longer", examples: ages.map((age) => `>${age}`) },
  { name: "sort:", operator: "", what: "an order; - for downwards" },
];
export const sortFields = [
  ..."name id site provider region kind state cpus memory size cost created changed first_seen".split(" "),
] as readonly string[];
const wordsAlone: readonly Suggestion[] = [
  { text: "untagged", what: "no tags of people's" },
  { text: "unused", what: "nothing uses it" },
  { text: "vms", what: "virtual machines only" },
  { text: "volumes", what: "disks only" },
  { text: "or", what: "either side" },
  { text: "not ", what: "the opposite" },
];
const most = 8;

/** What could stand at the caret, the likeliest first. */
export function complete(text: string, caret: number, vocabulary: Vocabulary): Completion {
  const start = wordStart(text, caret);
  const end = wordEnd(text, caret);
  const written = text.slice(start, caret);
  const negated = /^[-(]+/.exec(written)?.[0] ?? "";
  const word = written.slice(negated.length);
  const found = ranked(suggestionsFor(word, vocabulary), word).slice(0, most);
  return { start: start + negated.length, end, suggestions: found };
}

/** The text with the suggestion in its place, and where the caret goes: behind a value comes a blank. */
export function accept(text: string, { start, end }: Completion, chosen: Suggestion): { text: string; caret: number } {
  const goesOn = /[.:=<>~]$|^not $/.test(chosen.text);
  const after = text.slice(end);
  const inserted = goesOn || after.startsWith(" ") ? chosen.text : `${chosen.text} `;
  const caret = start + inserted.length + (!goesOn && after.startsWith(" ") ? 1 : 0);
  return { text: text.slice(0, start) + inserted + after, caret };
}

function suggestionsFor(word: string, vocabulary: Vocabulary): Suggestion[] {
  const tagValue = /^tag\.([^=:!~<>"\s]+)(=|:|!=)(.*)$/.exec(word);
  if (tagValue) {
    const [, key = "", operator = "="] = tagValue;
    return (vocabulary.tagValues[key] ?? []).map((value) => ({
      text: `tag.${key}${operator}${quoted(value)}`,
      what: `${key} is ${value}`,
    }));
  }
  if (word.startsWith("tag.")) {
    return vocabulary.tagKeys.flatMap((key) => [
      { text: `tag.${quoted(key)}=`, what: `the tag ${key} with a value` },
      { text: `tag.${quoted(key)}`, what: `has the tag ${key}` },
    ]);
  }
  const sort = /^sort:(-?)/.exec(word);
  if (sort) {
    return sortFields.flatMap((field) => [
      { text: `sort:${sort[1] ?? ""}${field}`, what: sort[1] ? `${field}, downwards` : `${field}, upwards` },
      ...(sort[1] ? [] : [{ text: `sort:-${field}`, what: `${field}, downwards` }]),
    ]);
  }
  const compared = /^([a-z_]+)(!=|[:=])(.*)$/.exec(word);
  if (compared) {
    const [, field = "", operator = ":"] = compared;
    const values = valuesOf(field, vocabulary);
    if (values)
      return values.map((value) => ({ text: `${field}${operator}${quoted(value)}`, what: `${field} is ${value}` }));
  }
  const field = searchFields.find(({ name }) => name === (/^([a-z_]+)[:<>=]/.exec(word)?.[1] ?? ""));
  if (field?.examples) return field.examples.map((example) => ({ text: `${field.name}${example}`, what: field.what }));
  if (/[:<>=~]/.test(word)) return [];
  return [...searchFields.map(({ name, operator, what }) => ({ text: `${name}${operator}`, what })), ...wordsAlone];
}

function valuesOf(field: string, vocabulary: Vocabulary): readonly string[] | undefined {
  switch (field) {
    case "site":
      return vocabulary.sites;
    case "provider":
      return vocabulary.providers;
    case "region":
      return vocabulary.regions;
    case "kind":
      return kinds;
    case "state":
      return states;
    case "owner":
    case "project":
      return vocabulary.tagValues[field] ?? [];
    default:
      return undefined;
  }
}

function ranked(suggestions: readonly Suggestion[], word: string): Suggestion[] {
  const typed = word.toLowerCase();
  const rank = ({ text }: Suggestion) => {
    const candidate = text.toLowerCase();
    if (candidate === typed) return -1;
    if (candidate.startsWith(typed)) return 0;
    return typed.length > 1 && candidate.includes(typed) ? 1 : -1;
  };
  return [0, 1].flatMap((wanted) => suggestions.filter((suggestion) => rank(suggestion) === wanted));
}

function quoted(value: string): string {
  return /^[\w.*/@-]+$/.test(value) ? value : `"${value.replaceAll('"', "")}"`;
}

/** Words end at blanks that are not within quotes. */
function wordStart(text: string, caret: number): number {
  let start = 0;
  let within = false;
  for (let at = 0; at < caret; at++) {
    if (text[at] === '"') within = !within;
    else if (!within && /\s/.test(text[at] ?? "")) start = at + 1;
  }
  return start;
}

function wordEnd(text: string, caret: number): number {
  const blank = text.slice(caret).search(/\s/);
  return blank < 0 ? text.length : caret + blank;
}
