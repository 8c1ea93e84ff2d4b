import assert from "node:assert/strict";
import { test } from "node:test";
import { joinMetrics } from "../../src/telemetry/joined-metrics.ts";

test("metrics of several processes are one text: each metric once, each series told apart", () => {
  const one = `# HELP calls_total Calls
# TYPE calls_total counter
calls_total{code="o\\"k\\\\",instance="somebody else"} 3
`;
  const other = `# HELP calls_total Calls
# TYPE calls_total counter
calls_total{code="ok"} 4
# HELP seconds Times
# TYPE seconds histogram
seconds_bucket{le="+Inf"} 2
seconds_sum 1.5
seconds_count 2
# TYPE age gauge
age NaN
`;
  const joined = joinMetrics([
    { text: one, labels: { instance: "a" } },
    { text: other, labels: { instance: 'b"' } },
  ]);
  assert.equal(
    joined,
    `# HELP calls_total Calls
# TYPE calls_total counter
calls_total{code="o\\"k\\\\",instance="a"} 3
calls_total{code="ok",instance="b\\""} 4
# HELP seconds Times
# TYPE seconds histogram
seconds_bucket{le="+Inf",instance="b\\""} 2
seconds_sum{instance="b\\""} 1.5
seconds_count{instance="b\\""} 2
# HELP age 
# TYPE age gauge
age{instance="b\\""} NaN
`,
  );
});

test("no process tells series as another's, nor such that cost the whole scrape", () => {
  const text = 'calls{__name__="up",job="novacron-api",worker_site="b",code="ok"} 1\n';
  const joined = joinMetrics([{ text, labels: { instance: "a", worker_site: "a" } }]);
  assert.match(joined, /\ncalls\{worker_site="a",code="ok",instance="a"\} 1\n$/);
});

test("a text is read in a time that grows with its length and no faster, whatever is in it", () => {
  const long = "a".repeat(16_000);
  const lines = [`# HELP ${long}\r`, `a{${long}} 1`, `a{${'a="'.repeat(5_000)}} 1`, `a{b="${long}} 1`];
  const text = `${Array.from({ length: 50 }, () => lines.join("\n")).join("\n")}\nfine 1\n`;
  const clock = performance.now();
  const joined = joinMetrics([{ text, labels: {} }]);
  assert.ok(performance.now() - clock < 2_000, `${performance.now() - clock} ms`);
  assert.match(joined, /\nfine\{\} 1\n$/);
});

test("what is no metric stands in nobody's way", () => {
  const text = '# TYPE 1{bad gauge\n1{bad 2\nfine 1\n# TYPE fine nonsense"\n# TYPE of\u0000 counter\n';
  assert.equal(joinMetrics([{ text, labels: {} }]), "# HELP fine \n# TYPE fine untyped\nfine{} 1\n");
  assert.equal(joinMetrics([]), "");
});
