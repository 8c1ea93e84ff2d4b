/** MiB with one digit, for messages. */
export function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

/** GiB with two digits, for messages. */
export function gib(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(2);
}
