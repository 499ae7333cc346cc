// The TypeScript client of the Model Context Protocol, over a pipe and over HTTP. It checks each result
// against the tool's schema itself.
//
//     check.mjs URL PROGRAM [ARGUMENT...]

import assert from "node:assert/strict";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url, program, ...programArguments] = process.argv.slice(2);
const transports = {
  pipe: () => new StdioClientTransport({ command: program, args: programArguments }),
  http: () => new StreamableHTTPClientTransport(new URL(url)),
};
for (const [name, transport] of Object.entries(transports)) {
  const client = new Client({ name: "check", version: "1" });
  await client.connect(transport());
  assert.equal(client.getServerVersion().name, "longmem");
  assert.match(client.getInstructions(), /Call memory_search before/);
  const { tools } = await client.listTools();
  assert.equal(tools.length, 8);
  const call = (tool, toolArguments) => client.callTool({ name: tool, arguments: toolArguments });
  const found = await call("memory_search", { query: "Which port?" });
  assert.match(found.structuredContent.results[0].text, /7443/);
  for (const tool of ["memory_recent", "memory_facts", "memory_status"]) {
    assert.equal((await call(tool, {})).isError, false);
  }
  const added = await call("memory_add", { text: `${name} was here`, kind: "fact" });
  const { id, kind } = added.structuredContent;
  assert.equal((await call("memory_update", { id, kind, text: `${name} was there` })).isError, false);
  assert.equal((await call("memory_delete", { id, kind })).structuredContent.facts, 1);
  assert.equal((await call("memory_delete", { id, kind })).isError, true);
  assert.equal((await client.listPrompts()).prompts[0].name, "recall");
  await client.close();
  console.log(`typescript, ${name}: ok`);
}
