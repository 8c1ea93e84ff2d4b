// A part of a stack for the supervisor's tests: `node part.ts FOLDER NAME [fail]` serves by writing its pid.
import { appendFileSync, rmSync, writeFileSync } from "node:fs";

const [, , folder = ".", name = "part", mode] = process.argv;
if (mode === "fail") {
  process.stderr.write("this part has no luck\n");
  process.exit(3);
}
appendFileSync(`${folder}/order`, `start ${name}\n`);
writeFileSync(`${folder}/${name}.ready`, String(process.pid));
process.on("SIGTERM", () => {
  appendFileSync(`${folder}/order`, `stop ${name}\n`);
  rmSync(`${folder}/${name}.ready`, { force: true });
  process.exit(0);
});
setInterval(() => {}, 60_000);
