// "Try it out" on the documentation page: first with what the page fills in, then with a text, then with an invalid
// one.

import assert from "node:assert/strict";

import { home, run, screenshot, settings } from "./browser.mjs";
import { Operation, openDocumentation } from "./swagger_ui.mjs";

const { collection, item, body, invalid_body } = settings;
const [, parameter] = item.match(/\{(.*)\}/);

await run({}, async (context) => {
    const { page, faults } = await openDocumentation(context);

    const create = await Operation.open(page, "post", collection);
    const prefilled = [await create.execute(), await create.execute()];
    await create.fillBody(body);
    const created = [...prefilled, await create.execute()];
    await screenshot(page, "created");
    assert.deepEqual(created.map(({ status }) => status), ["201", "201", "201"]);
    const items = created.map((response) => response.body);
    const [, , last] = items;
    assert.ok(last.href.startsWith(`${home}${collection}`), last.href);
    for (const [member, value] of Object.entries(JSON.parse(body))) assert.deepEqual(last[member], value, member);

    const list = await Operation.open(page, "get", collection);
    const listed = await list.execute();
    assert.equal(listed.status, "200");
    assert.deepEqual(listed.body, items.reverse(), "what the page fills in stores items and lists them all");

    const get = await Operation.open(page, "get", item);
    await get.fill(parameter, last.id);
    const got = await get.execute();
    assert.deepEqual([got.status, got.body], ["200", last]);
    await faults.assertNone();

    faults.provoke("400");
    await create.fillBody(invalid_body);
    const problem = await create.execute();
    await screenshot(page, "problem");
    assert.deepEqual([problem.status, problem.body.status], ["400", 400]);
    assert.ok(problem.headers.includes("content-type: application/problem+json"), problem.headers.join("\n"));
    assert.ok(problem.body.errors.length > 0, "the problem says what is invalid");
    await faults.assertNone();
});
