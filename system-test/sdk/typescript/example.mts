import createClient from "openapi-fetch";
import type { paths } from "./client.d.ts";

const client = createClient<paths>({ baseUrl: "http://127.0.0.1:8000" });
const { data: created, error } = await client.POST("/tweet/", { body: { text: "Hello from TypeScript" } });
if (error) throw new Error(error.detail);
const { data: read } = await client.GET("/tweet/{id}", { params: { path: { id: created.id } } });
console.log(read?.id, read?.text);
