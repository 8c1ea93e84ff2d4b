import { type Family, parsePrometheus, type Sample } from "./otlp/prometheus-text.ts";

/** What one process tells of itself in Prometheus's text format, and the labels that it is told apart by. */
export interface MetricsOf {
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
}

const metricName = /^[A-Za-z_:][\w:]*$/;
const types: ReadonlySet<string> = new Set(["counter", "gauge", "histogram", "summary"]);

/** Of Prometheus itself: a series with `__name__` among its labels costs the whole scrape, and with `job` it would be told
 *  as of another one. */
const reserved = /^(?:__.*|job)$/;

/** The metrics of several processes as one text: each metric once, with the series of all. The labels given here stand in
 *  place of any of that name which a process gave itself. */
export function joinMetrics(parts: readonly MetricsOf[]): string {
  const families = new Map<string, { first: Family; samples: Sample[] }>();
  for (const { text, labels } of parts) {
    for (const family of parsePrometheus(text)) {
      if (!metricName.test(family.name)) continue;
      const known = families.get(family.name) ?? { first: family, samples: [] };
      families.set(family.name, known);
      for (const sample of family.samples) {
        const own = Object.entries(sample.labels).filter(([label]) => !reserved.test(label));
        known.samples.push({ ...sample, labels: { ...Object.fromEntries(own), ...labels } });
      }
    }
  }
  return [...families.values()].map(({ first, samples }) => familyText(first, samples)).join("");
}

function familyText({ name, type, help }: Family, samples: readonly Sample[]): string {
  const head = `# HELP ${name} ${help}\n# TYPE ${name} ${types.has(type) ? type : "untyped"}\n`;
  return head + samples.map(sampleText).join("");
}

function sampleText({ name, labels, value }: Sample): string {
  const inner = Object.entries(labels).map(([key, text]) => `${key}="${escaped(text)}"`);
  return `${name}{${inner.join(",")}} ${valueText(value)}\n`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

function valueText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}
