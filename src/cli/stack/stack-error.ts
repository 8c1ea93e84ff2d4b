/** A stack that can't be brought up or down, in the same words as every other error: what, why, what to do. */
export class StackError extends Error {
  readonly reason: string;
  readonly action: string;

  constructor(what: string, reason: string, action: string, options?: ErrorOptions) {
    super(`Could not ${what}: ${reason}. ${action}`, options);
    this.name = "StackError";
    this.reason = reason;
    this.action = action;
  }
}
