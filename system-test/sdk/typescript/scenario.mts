// What a client does, with the generated types. Prints a line for each step, as ../scenario.txt has them.

import createClient from "openapi-fetch";
import type { components, paths } from "./client.d.ts";

type Tweet = components["schemas"]["Tweet"];
type Problem = components["schemas"]["Problem"];

const UNKNOWN_ID = "01KAN2FGVXM1SY9VXF7MJ4Z7QV";
const ITEMS = 5;
const MAX_PAGES = 100;
const MAX_REQUESTS = 100;

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8000" });
const body: components["schemas"]["TweetInput"] = { text: "Hello from TypeScript" };

function assert(condition: unknown, ...details: unknown[]): asserts condition {
  if (!condition) throw new Error(`not as expected: ${JSON.stringify(details)}`);
}

function problem({ error, response }: { error?: Problem; response: Response }): Problem {
  assert(error?.status === response.status, error, response.status);
  return error;
}

async function createAndGet(): Promise<Tweet> {
  const { data: created, response } = await client.POST("/tweet/", { body });
  assert(created, response.status);
  console.log(`create: ${response.status}`);

  const read = await client.GET("/tweet/{id}", { params: { path: { id: created.id } } });
  assert(JSON.stringify(read.data) === JSON.stringify(created), read.data, created);
  console.log(`get: ${read.response.status}, what was created`);
  return created;
}

async function pageToTheEnd() {
  const created: string[] = [];
  for (let n = 0; n < ITEMS; n++) {
    const { data: item } = await client.POST("/tweet/", { body });
    assert(item);
    created.unshift(item.id);
  }

  const listed: string[] = [];
  let before: string | undefined;
  for (let n = 0; n < MAX_PAGES; n++) {
    const page = await client.GET("/tweet/", { params: { query: { limit: 2, before } } });
    assert(page.data, page.error);
    listed.push(...page.data.map(({ id }) => id));

    const link = page.response.headers.get("Link") ?? "";
    before = /<[^>]*[?&]before=(\w+)[^>]*>; rel="next"/.exec(link)?.[1];
    if (!before) break;
  }

  assert(`${listed}` === `${[...new Set(listed)].sort().reverse()}`, listed);
  assert(`${listed.filter((id) => created.includes(id))}` === `${created}`, listed, created);
  console.log(`list, 2 a page: all ${ITEMS} that were created, newest first`);
}

async function revalidate({ id }: Tweet) {
  const first = await client.GET("/tweet/{id}", { params: { path: { id } } });
  const etag = first.response.headers.get("ETag");
  assert(etag);

  const header = { "If-None-Match": etag };
  const { data, response } = await client.GET("/tweet/{id}", { params: { path: { id }, header } });
  assert(!data, data);
  console.log(`get with If-None-Match: ${response.status}`);
}

async function causeProblems() {
  const unknown = problem(await client.GET("/tweet/{id}", { params: { path: { id: UNKNOWN_ID } } }));
  console.log(`get an unknown id: problem ${unknown.status}`);

  const invalid = problem(await client.GET("/tweet/", { params: { query: { limit: 201 } } }));
  console.log(`list with limit=201: problem ${invalid.status}, ${invalid.errors[0]?.pointer}`);
}

async function retry({ id }: Tweet) {
  // The id of a new item is a key that nobody has used.
  const header = { "Idempotency-Key": id };
  const first = await client.POST("/tweet/", { params: { header }, body });
  const second = await client.POST("/tweet/", { params: { header }, body });

  assert(first.data && first.data.id === second.data?.id, first, second);
  assert(first.response.headers.get("Idempotent-Replayed") === null);
  assert(second.response.headers.get("Idempotent-Replayed") === "true");
  const statuses = `${first.response.status}, ${second.response.status} replayed`;
  console.log(`create twice with one Idempotency-Key: ${statuses}, the same id`);
}

async function exceedTheRateLimit() {
  for (let n = 0; n < MAX_REQUESTS; n++) {
    const page = await client.GET("/tweet/", { params: { query: { limit: 1 } } });
    if (page.data) continue;

    const retryAfter = Number(page.response.headers.get("Retry-After"));
    console.log(`list until refused: problem ${problem(page).status}, Retry-After ${retryAfter}`);
    return;
  }
}

const item = await createAndGet();
await pageToTheEnd();
await revalidate(item);
await causeProblems();
await retry(item);
await exceedTheRateLimit();
