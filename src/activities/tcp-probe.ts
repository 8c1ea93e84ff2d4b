import { connect } from "node:net";

/** Undefined when the port takes a connection, else why not. Never throws. */
export function whyNoConnection(
  { host, port }: { readonly host: string; readonly port: number },
  withinMs: number,
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: withinMs });
    const settle = (outcome: string | undefined): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.once("connect", () => settle(undefined));
    socket.once("timeout", () => settle(`no connection within ${withinMs} ms`));
    socket.once("error", (error) => settle(error.message));
  });
}
