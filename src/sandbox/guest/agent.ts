import { readFileSync } from "node:fs";
import type { HostTools } from "../../host/tools.ts";
import { missing } from "./build.ts";
import { neededLibraries } from "./elf.ts";

const notBroughtIn = "the package qemu-guest-agent, or one that it needs, was not brought in";
const program = "/usr/sbin/qemu-ga";
const loader = "/lib64/ld-linux-x86-64.so.2";
const libraryFolders = ["/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64"];

/** Puts QEMU's guest agent into a guest with each library that it needs, as the machine's packages have them. */
export async function putGuestAgent(tools: HostTools, put: (path: string, content: Buffer) => void): Promise<void> {
  const found = new Set<string>();
  const add = (source: string, target: string): void => {
    const content = readFileSync(source);
    put(target, content);
    for (const name of neededLibraries(content)) {
      if (found.has(name)) continue;
      found.add(name);
      const library = libraryFolders
        .map((folder) => tools.file(`${folder}/${name}`))
        .find((path) => path !== undefined);
      if (library === undefined) throw missing(`library ${name}`, notBroughtIn);
      add(library, `lib/x86_64-linux-gnu/${name}`);
    }
  };
  const agent = tools.file(program);
  const interpreter = tools.file(loader);
  if (agent === undefined || interpreter === undefined) {
    throw missing(agent === undefined ? program : loader, notBroughtIn);
  }
  add(agent, program.slice(1));
  put(loader.slice(1), readFileSync(interpreter));
}
