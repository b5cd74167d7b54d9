// A script of another site, which the service allows, uses everything that the service offers.

import assert from "node:assert/strict";

import { home, run, settings } from "./browser.mjs";
import { openSite, send, serveEmptyPage } from "./other_site.mjs";

/** More requests than the service's limit allows. */
const MANY = 200;

const collection = `${home}${settings.collection}`;
const json = { "content-type": "application/json" };
const authorized = { ...json, authorization: `Bearer ${settings.token}` };
const post = (headers, body) => ({ method: "POST", headers, body });

function assertSees(response, status, names) {
    assert.equal(response.status, status, JSON.stringify(response));
    for (const name of [...names, "x-request-id", "ratelimit", "ratelimit-policy"]) {
        assert.ok(response.headers[name], `the script cannot read ${name}: ${JSON.stringify(response)}`);
    }
}

const { hostname } = new URL(settings.listed_origin);

await run({ [hostname]: await serveEmptyPage() }, async (context) => {
    const page = await openSite(context, settings.listed_origin);

    const unauthorized = await send(page, collection, post(json, settings.body));
    assertSees(unauthorized, 401, ["www-authenticate"]);

    const withKey = post({ ...authorized, "idempotency-key": "a-key-of-this-test" }, settings.body);
    const created = await send(page, collection, withKey);
    assertSees(created, 201, ["location"]);
    const replayed = await send(page, collection, withKey);
    assertSees(replayed, 201, ["location", "idempotent-replayed"]);
    assert.equal(replayed.text, created.text);
    const second = await send(page, collection, post(authorized, settings.body));
    assertSees(second, 201, ["location"]);

    const got = await send(page, created.headers.location);
    assertSees(got, 200, ["etag"]);
    assert.equal(got.text, created.text);
    // With `no-store`, the browser's own cache takes no part, so that the script sees the 304.
    const conditional = { headers: { "if-none-match": got.headers.etag }, cache: "no-store" };
    assertSees(await send(page, created.headers.location, conditional), 304, ["etag"]);

    const first = await send(page, `${collection}?limit=1`);
    assertSees(first, 200, ["link"]);
    const [, next] = first.headers.link.match(/<([^>]*)>; rel="next"/);
    assert.deepEqual(JSON.parse((await send(page, next)).text), [JSON.parse(created.text)]);

    const invalid = await send(page, collection, post(authorized, settings.invalid_body));
    assertSees(invalid, 400, ["content-type"]);
    assert.ok(JSON.parse(invalid.text).errors.length > 0, invalid.text);

    let limited = await send(page, collection);
    for (let count = 0; limited.status === 200; count += 1) {
        assert.ok(count < MANY, "no request is over the limit");
        limited = await send(page, collection);
    }
    assertSees(limited, 429, ["retry-after"]);
    assert.equal(JSON.parse(limited.text).status, 429);
});
