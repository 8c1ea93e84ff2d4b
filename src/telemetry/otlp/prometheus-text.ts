export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all of its series. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** Of a line that tells anything. Texts come from other machines, too: what reads them takes a time that grows with their
 *  length, and no faster. */
const longestLine = 16_384;
const head = /^# (TYPE|HELP) (\S+)(?: (.*))?$/;
const series = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;
const label = /[\s,]*([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/y;
const escapes: Readonly<Record<string, string>> = { "\\n": "\n", '\\"': '"', "\\\\": "\\" };

/** Reads Prometheus's text format, in which both ours and the SDK's metrics are told. */
export function parsePrometheus(text: string): Family[] {
  const families = new Map<string, { type: string; help: string; samples: Sample[] }>();
  const familyOf = (name: string) => {
    const known = families.get(name) ?? { type: "untyped", help: "", samples: [] };
    families.set(name, known);
    return known;
  };
  let current = "";
  for (const line of text.split("\n")) {
    if (line.length > longestLine) continue;
    const [, what, name = "", rest = ""] = head.exec(line) ?? [];
    if (what !== undefined) {
      current = name;
      Object.assign(familyOf(name), what === "TYPE" ? { type: rest } : { help: rest });
      continue;
    }
    const [, sample, labels = "", value] = series.exec(line) ?? [];
    if (sample === undefined || value === undefined) continue;
    const family = sample.startsWith(current) && families.has(current) ? current : sample;
    familyOf(family).samples.push({ name: sample, labels: labelsOf(labels), value: numberOf(value) });
  }
  return [...families].map(([name, family]) => ({ name, ...family }));
}

function labelsOf(text: string): Record<string, string> {
  const labels: [string, string][] = [];
  label.lastIndex = 0;
  for (let found = label.exec(text); found; found = label.exec(text)) {
    const [, name = "", value = ""] = found;
    labels.push([name, value.replaceAll(/\\[n"\\]/g, (escaped) => escapes[escaped] ?? escaped)]);
  }
  return Object.fromEntries(labels);
}

function numberOf(text: string): number {
  if (text === "+Inf") return Number.POSITIVE_INFINITY;
  return text === "-Inf" ? Number.NEGATIVE_INFINITY : Number(text);
}
