import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, relative } from "node:path";
import { command, lastLine } from "./command.ts";
import { findOnPath } from "./find-on-path.ts";

/** Newer copies of these beside the machine's own dynamic loader crash at start. */
const neverUnpacked = /^(libc6|libc-bin|libc6-i386)_/;
/** Nothing here is read when a tool runs. */
const dropped = ["usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "usr/share/lintian"];

/** Why packages can't be unpacked on this machine; undefined when they can. */
export function whyNoPackages(): string | undefined {
  for (const program of ["apt-get", "dpkg-deb"]) {
    if (!findOnPath(program)) {
      return `this machine has no ${program}, and packages of other systems are not known to us`;
    }
  }
  return existsSync("/var/lib/dpkg/status") ? undefined : "the machine's list of packages can't be read";
}

/**
 * Fetches packages and those they need that are not installed, with an apt state of our own, and unpacks them into
 * `root` without installing: no script of theirs runs and nothing outside our folder changes.
 * Each entry may hold alternatives separated by `|`; entries ending in `?` are left out where unknown.
 * Returns why it failed, or undefined.
 */
export async function unpackPackages(
  wanted: readonly string[],
  root: string,
  workDir: string,
): Promise<string | undefined> {
  const apt = prepareApt(workDir);
  try {
    const update = await apt(["update"]);
    const packages = await choose(wanted, apt);
    const fetched = await apt(["-y", "--no-install-recommends", "--download-only", "install", ...packages]);
    if (fetched.exitCode !== 0) {
      return lastLine(update.exitCode === 0 ? fetched.output : `${update.output}\n${fetched.output}`);
    }
    const partial = `${root}.partial`;
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial, { recursive: true });
    const failure = await unpackAll(join(workDir, "cache/archives"), partial);
    if (failure !== undefined) {
      return failure;
    }
    await mergeIntoUsr(partial);
    await makeLinksRelative(partial);
    for (const folder of dropped) {
      rmSync(join(partial, folder), { recursive: true, force: true });
    }
    rmSync(root, { recursive: true, force: true });
    renameSync(partial, root);
    return undefined;
  } finally {
    rmSync(workDir, { recursive: true, force: true });
  }
}

type Apt = (args: readonly string[], program?: string) => ReturnType<typeof command>;

function prepareApt(dir: string): Apt {
  rmSync(dir, { recursive: true, force: true });
  for (const folder of ["state/lists/partial", "cache/archives/partial", "parts", "log"]) {
    mkdirSync(join(dir, folder), { recursive: true });
  }
  copyFileSync("/var/lib/dpkg/status", join(dir, "status"));
  // The machine's own settings (proxies) stay, its hooks do not: they would act on the real apt state.
  if (existsSync("/etc/apt/apt.conf.d")) {
    cpSync("/etc/apt/apt.conf.d", join(dir, "parts"), { recursive: true, dereference: true });
  }
  const hooks = ["Pre-Invoke", "Post-Invoke", "Post-Invoke-Success", "Pre-Install-Pkgs", "Post-Invoke-Stats"];
  writeFileSync(
    join(dir, "parts/zz-private"),
    `${["APT::Update", "DPkg"].flatMap((area) => hooks.map((hook) => `#clear ${area}::${hook};`)).join("\n")}\n`,
  );
  writeFileSync(join(dir, "apt.conf"), `Dir::Etc::Parts "${join(dir, "parts")}";\n`);
  const settings = [
    `Dir::State=${join(dir, "state")}`,
    `Dir::State::status=${join(dir, "status")}`,
    `Dir::Cache=${join(dir, "cache")}`,
    `Dir::Log=${join(dir, "log")}`,
    "Debug::NoLocking=1",
    "APT::Sandbox::User=",
    "APT::Keep-Downloaded-Packages=1",
    "Acquire::Retries=2",
    "Acquire::http::Timeout=20",
    "Acquire::https::Timeout=20",
    "Acquire::Languages=none",
  ].flatMap((setting) => ["-o", setting]);
  const env = { APT_CONFIG: join(dir, "apt.conf"), DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C.UTF-8" };
  return (args, program = "apt-get") =>
    command(program, [...settings, ...(program === "apt-get" ? ["-qq"] : []), ...args], { env });
}

async function choose(wanted: readonly string[], apt: Apt): Promise<string[]> {
  const chosen: string[] = [];
  for (const entry of wanted) {
    const optional = entry.endsWith("?");
    const names = entry.replace(/\?$/, "").split("|");
    if (names.length === 1 && !optional) {
      chosen.push(entry);
      continue;
    }
    const known: string[] = [];
    for (const name of names) {
      const shown = await apt(["show", name], "apt-cache");
      if (shown.exitCode === 0 && shown.output.includes("Package: ")) {
        known.push(name);
        break;
      }
    }
    chosen.push(...(known.length > 0 || optional ? known : names.slice(0, 1)));
  }
  return chosen;
}

async function unpackAll(archives: string, root: string): Promise<string | undefined> {
  for (const archive of readdirSync(archives).filter((name) => name.endsWith(".deb") && !neverUnpacked.test(name))) {
    const unpacked = await command("dpkg-deb", ["-x", join(archives, archive), root]);
    if (unpacked.exitCode !== 0) {
      return `${archive} could not be unpacked: ${lastLine(unpacked.output)}`;
    }
  }
  return undefined;
}

/** Packages still ship /bin, /lib and /sbin beside /usr; one tree is what the overlay and the loader need. */
async function mergeIntoUsr(root: string): Promise<void> {
  for (const folder of ["bin", "sbin", "lib", "lib32", "lib64"]) {
    const apart = join(root, folder);
    if (existsSync(apart)) {
      mkdirSync(join(root, "usr", folder), { recursive: true });
      await command("cp", ["-alf", `${apart}/.`, join(root, "usr", folder)]);
      rmSync(apart, { recursive: true, force: true });
      symlinkSync(join("usr", folder), apart);
    }
  }
}

/** Absolute links would lead out of the root to the machine's own files, or to nothing. */
async function makeLinksRelative(root: string): Promise<void> {
  const links = await command("find", [root, "-type", "l", "-lname", "/*"], { maxOutput: 16_777_216 });
  for (const link of links.output.split("\n").filter((line) => line !== "")) {
    const target = join(root, readlinkSync(link));
    if (existsSync(target)) {
      rmSync(link);
      symlinkSync(relative(realpathSync(dirname(link)), realpathSync(target)), link);
    }
  }
}
