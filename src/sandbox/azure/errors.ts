/**
 * A refusal in Azure's own words. The code is what clients decide by. ARM's:
 * https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors, storage's:
 * https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes.
 */
export class AzureError extends Error {
  readonly code: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: string, message: string, status = 400, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.code = code;
    this.status = status;
    this.headers = headers;
  }
}

/** Azure DNS answers with code and message alone, not within an `error`. */
export class PlainAzureError extends AzureError {}

export function resourceNotFound(type: string, name: string, group: string): AzureError {
  return new AzureError(
    "ResourceNotFound",
    `The Resource '${type}/${name}' under resource group '${group}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
    404,
  );
}

export function invalidParameter(name: string, message: string): AzureError {
  return new AzureError("InvalidParameter", `The value of parameter ${name} is invalid: ${message}`);
}

export function propertyChangeNotAllowed(name: string): AzureError {
  return new AzureError("PropertyChangeNotAllowed", `Changing property '${name}' is not allowed.`, 409);
}

export function operationNotAllowed(message: string): AzureError {
  return new AzureError("OperationNotAllowed", message, 409);
}
