/** A line that no tool writes; longer ones are left out, so that no text can cost more than its length. */
const maxLineLength = 8192;

/** The lines of a configuration file: trimmed, without empty ones and comments. */
export function configLines(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line.length <= maxLineLength)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** Words as a shell takes them: quotes removed, nothing expanded. */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < line.length; at++) {
    const character = line.charAt(at);
    if (quote === "" && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === quote) {
      quote = "";
    } else if (quote === "" && (character === '"' || character === "'")) {
      quote = character;
      word ??= "";
    } else if (character === "\\" && quote !== "'") {
      word = (word ?? "") + line.charAt(++at);
    } else {
      word = (word ?? "") + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

/** `name=value` lines, their quotes removed: os-release, GRUB's environment block, `/etc/default` files. */
export function assignments(text: string): ReadonlyMap<string, string> {
  const pairs = configLines(text).flatMap((line): [string, string][] => {
    const at = line.indexOf("=");
    return at > 0 ? [[line.slice(0, at), shellWords(line.slice(at + 1)).join(" ")]] : [];
  });
  return new Map(pairs);
}

/** What an image says of itself is shown on terminals: no control characters, and not endlessly. */
export function printable(text: string, maxLength = 200): string {
  return text
    .replaceAll(/[\p{C}\ufffd]/gu, "")
    .slice(0, maxLength)
    .trim();
}
