import { spawn } from "node:child_process";
import type { Range } from "./image.ts";

/**
 * Node can't ask where a sparse file has holes (`lseek` with SEEK_DATA and SEEK_HOLE), and reading holes costs as much as
 * reading data: 4 TiB of them are hours. Perl belongs to every Debian (perl-base is essential) and Python to most other
 * systems; both can. They get the open file as their standard input and only move its position, which nothing else here
 * uses. 5 ms were measured for 400 ranges.
 */
const askers: readonly { readonly program: string; readonly args: readonly string[] }[] = [
  {
    program: "/usr/bin/perl",
    args: [
      "-e",
      `my $p = 0; my $noMoreData = 6;
       while (defined(my $d = sysseek(STDIN, $p, 3))) {
         my $h = sysseek(STDIN, $d, 4) or exit 1; printf("%d %d\\n", $d, $h); $p = $h;
       }
       exit($! == $noMoreData ? 0 : 1);`,
    ],
  },
  {
    program: "/usr/bin/python3",
    args: [
      "-I",
      "-c",
      `import errno, os
p = 0
try:
    while True:
        d = os.lseek(0, p, os.SEEK_DATA)
        p = os.lseek(0, d, os.SEEK_HOLE)
        print(d, p)
except OSError as e:
    raise SystemExit(0 if e.errno == errno.ENXIO else 1)`,
    ],
  },
];

/** The ranges of an open file that hold data; undefined where this machine or the file system can't tell. */
export async function askDataRanges(handle: number): Promise<readonly Range[] | undefined> {
  for (const { program, args } of askers) {
    const ranges = await ask(program, args, handle);
    if (ranges) return ranges;
  }
  return undefined;
}

function ask(program: string, args: readonly string[], handle: number): Promise<Range[] | undefined> {
  return new Promise((resolve) => {
    // Our environment may hold credentials, and they need nothing of it.
    const child = spawn(program, [...args], { stdio: [handle, "pipe", "ignore"], env: { LC_ALL: "C" } });
    const ranges: Range[] = [];
    let rest = "";
    child.stdout?.setEncoding("latin1");
    child.stdout?.on("data", (text: string) => {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        const [at = 0, end = 0] = line.split(" ").map(Number);
        ranges.push({ at, length: end - at });
      }
    });
    child.on("error", () => resolve(undefined));
    child.on("close", (code) => resolve(code === 0 ? ranges : undefined));
  });
}
