/**
 * A refusal in AWS's own words. The code is what clients decide by; statuses are those of the services' error pages
 * (EC2: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html).
 */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number;
  /** Further members of the error's body. */
  readonly fields: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status = 400, fields: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

export function missingParameter(name: string): AwsError {
  return new AwsError("MissingParameter", `The request must contain the parameter ${name}`);
}

export function invalidParameter(name: string, value: unknown): AwsError {
  return new AwsError("InvalidParameterValue", `Value (${String(value)}) for parameter ${name} is invalid.`);
}

export function invalidCombination(message: string): AwsError {
  return new AwsError("InvalidParameterCombination", message);
}

export function incorrectState(code: string, message: string): AwsError {
  return new AwsError(code, message);
}
