// Says something with Vercel's AI SDK, as drivers.py asks for: one argument of JSON, one line of JSON back.
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { generateText, jsonSchema, stepCountIs, streamText, tool } from "ai";

const asked = JSON.parse(process.argv[2]);
const settings = { baseURL: asked.base, apiKey: asked.key, headers: asked.headers };
const model = {
  anthropic: () => createAnthropic(settings)("claude-stand-in"),
  chat: () => createOpenAI(settings).chat("stand-in"),
  responses: () => createOpenAI(settings).responses("stand-in"),
}[asked.provider]();
const question = { type: "object", properties: { what: { type: "string" } }, required: ["what"] };
const lookUp = tool({ description: "Looks something up.", inputSchema: jsonSchema(question), execute: async () => asked.tool });
const request = { model, messages: asked.messages, maxRetries: 0 };
if (asked.tool) Object.assign(request, { tools: { look_up: lookUp }, stopWhen: stepCountIs(5) });
let text = "";
if (asked.stream) for await (const piece of streamText(request).textStream) text += piece;
else text = (await generateText(request)).text;
console.log(JSON.stringify({ text }));
