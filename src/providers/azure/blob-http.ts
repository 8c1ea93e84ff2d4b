import type * as RestPipeline from "@azure/core-rest-pipeline";
import type { HttpClient } from "@azure/core-rest-pipeline";
import type { HttpOperationResponse, WebResource } from "@azure/storage-blob";

type Pipeline = Pick<typeof RestPipeline, "createHttpHeaders" | "createPipelineRequest">;

/** The blob client takes an HTTP client of the SDK's former generation only: this is one, in front of ours. */
export function forBlobClient(http: HttpClient, { createHttpHeaders, createPipelineRequest }: Pipeline) {
  return {
    async sendRequest(given: WebResource): Promise<HttpOperationResponse> {
      const { url, method, timeout, requestId, abortSignal, body, streamResponseStatusCodes } = given;
      const request = createPipelineRequest({
        url,
        method,
        headers: createHttpHeaders(given.headers.toJson({ preserveCase: true })),
        timeout,
        requestId,
        ...(abortSignal && { abortSignal }),
        ...(body !== undefined && { body }),
        ...(streamResponseStatusCodes && { streamResponseStatusCodes }),
      });
      const response = await http.sendRequest(request);
      const headers = { toJson: () => response.headers.toJSON({ preserveCase: true }) };
      return { ...response, headers: headers as unknown as HttpOperationResponse["headers"], request: given };
    },
  };
}
