import { Server } from "@modelcontextprotocol/sdk/server/index.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { CallToolRequestSchema, type CallToolResult, ListToolsRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { type ConnectedApi, connectApi, fetchOrExplain } from "../client.ts";
import { CliError, usageError } from "../failure.ts";
import { type ApiTool, type OpenApi, toolsOf } from "../mcp/tools.ts";
import type { CommonOptions } from "./options.ts";

/** An answer that is longer is cut, and says how to ask for less. */
const longestAnswer = 100_000;

/** Serves the Model Context Protocol on standard input and output until the input ends. */
export async function serveMcp(options: CommonOptions & { only?: string }): Promise<void> {
  const connected = connectApi(options);
  const answer = await ask(connected, { method: "GET", path: "/v1/openapi.json" });
  if (!answer.ok) throw new CliError(`The API's contract can't be read (${answer.status})`, "Run ./novacron status.");
  const only = options.only === undefined ? undefined : new Set(options.only.split(",").map((tag) => tag.trim()));
  const tools = new Map(toolsOf(JSON.parse(answer.text) as OpenApi, only).map((each) => [each.tool.name, each]));
  if (tools.size === 0) {
    throw usageError(
      `No call is of ${options.only}`,
      "Name tags of the API reference, such as inventory,migrations,costs.",
    );
  }

  const server = new Server({ name: "novacron", version: "1" }, { capabilities: { tools: {} } });
  server.setRequestHandler(ListToolsRequestSchema, () => ({ tools: [...tools.values()].map(({ tool }) => tool) }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }): Promise<CallToolResult> => {
    const called = tools.get(params.name);
    if (!called) return failed(`There is no tool ${params.name}`);
    try {
      const { ok, text } = await ask(connected, requestOf(called, params.arguments ?? {}));
      return ok ? { content: [{ type: "text", text: shortened(text) }] } : failed(text);
    } catch (error) {
      if (error instanceof CliError) return failed(`${error.message}. ${error.action}`);
      throw error;
    }
  });
  await server.connect(new StdioServerTransport());
  await new Promise<void>((resolve) => {
    process.stdin.once("close", resolve);
  });
  await server.close();
}

interface ApiRequest {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: unknown;
}

function requestOf(
  { method, path, inPath, inQuery, hasBody }: ApiTool,
  given: Readonly<Record<string, unknown>>,
): ApiRequest {
  let filled = path;
  for (const name of inPath) {
    const value = given[name];
    if (typeof value !== "string" || value === "") throw new CliError(`${name} is missing`, "Give it as a text");
    filled = filled.replace(`{${name}}`, encodeURIComponent(value));
  }
  const query = new URLSearchParams();
  for (const name of inQuery) {
    const value = given[name];
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof each === "string" || typeof each === "number" || typeof each === "boolean")
        query.append(name, `${each}`);
      else if (each !== undefined) throw new CliError(`${name} is no text`, "Give a text, a number, true or false");
    }
  }
  const asked = query.size > 0 ? `${filled}?${query.toString()}` : filled;
  return { method, path: asked, ...(hasBody && { body: given.body ?? {} }) };
}

async function ask({ baseUrl, token }: ConnectedApi, { method, path, body }: ApiRequest) {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body !== undefined && { "content-type": "application/json" }),
  };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetchOrExplain(new Request(`${baseUrl}${path}`, { method, headers, ...sent }));
  return { ok: response.ok, status: response.status, text: await response.text() };
}

function shortened(text: string): string {
  if (text.length <= longestAnswer) return text;
  return `${text.slice(0, longestAnswer)}\n(cut: ask for less with limit, or a narrower query)`;
}

function failed(text: string): CallToolResult {
  return { isError: true, content: [{ type: "text", text }] };
}
