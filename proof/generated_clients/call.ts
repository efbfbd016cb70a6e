// Calls every operation by the types that openapi-typescript has generated as schema.d.ts.
// node call.js BASE_URL TOKEN prints each operation and what its answer holds.
import createClient from "openapi-fetch";
import type { paths } from "./schema";

declare const process: { argv: string[] };
const [baseUrl, token] = process.argv.slice(2);
const client = createClient<paths>({ baseUrl, headers: { Authorization: `Bearer ${token}` } });
const service = { path: { service: "children" } };
const json = { headers: { Accept: "application/json" } };

function show(operation: string, answer: { error?: unknown; response: Response }, value: unknown) {
  if (!answer.response.ok || value === undefined) {
    throw new Error(`${operation}: ${answer.response.status} ${JSON.stringify(answer.error)}`);
  }
  console.log(operation, JSON.stringify(value));
}

async function main() {
  const services = await client.GET("/api/v1/services");
  show("services", services, services.data?.services[0].id);
  const one = await client.GET("/api/v1/services/{service}", { params: service });
  show("service", one, one.data?.name);
  const decision = await client.GET("/api/v1/services/{service}/decision", { params: service });
  show("decision", decision, decision.data?.line.phone.e164);
  const text = await client.GET("/api/v1/services/{service}/number", { params: service, parseAs: "text" });
  show("number", text, text.data);
  const numbers = await client.GET("/api/v1/services/{service}/numbers", { params: service, ...json });
  show("numbers", numbers, typeof numbers.data === "object" ? numbers.data.numbers[0].ring_seconds : undefined);
  const week = { from: "2026-12-24T00:00:00Z", to: "2026-12-31T00:00:00Z" };
  const timeline = await client.GET("/api/v1/services/{service}/timeline", { params: { ...service, query: week } });
  show("timeline", timeline, timeline.data?.spans.length);
  const lines = await client.GET("/api/v1/lines");
  show("lines", lines, lines.data?.lines[0].spans.length);
  const holidays = await client.GET("/api/v1/bank-holidays");
  show("bankHolidays", holidays, holidays.data?.covered_through);
}

main();
