// A script of another site, which the service does not allow, neither reads nor stores anything.

import assert from "node:assert/strict";

import { home, run, settings } from "./browser.mjs";
import { openSite, send, serveEmptyPage } from "./other_site.mjs";

const collection = `${home}${settings.collection}`;
const site = await serveEmptyPage();
const { hostname } = new URL(settings.listed_origin);

await run({ [hostname]: site, "unlisted.example.com": site }, async (context) => {
    const unlisted = await openSite(context, "http://unlisted.example.com");
    const { body } = settings;
    const json = { "content-type": "application/json" };

    assert.deepEqual(await send(unlisted, collection), { error: "TypeError" }, "reads the list");
    const post = await send(unlisted, collection, { method: "POST", headers: json, body });
    assert.deepEqual(post, { error: "TypeError" }, "creates an item");

    // Browsers send this without a preflight, as they do with a form, and hide the response.
    const form = await send(unlisted, collection, { method: "POST", mode: "no-cors", body });
    assert.equal(form.status, 0);

    const listed = await openSite(context, settings.listed_origin);
    const list = await send(listed, collection);
    assert.deepEqual([list.status, list.text], [200, "[]"], "nothing was stored, and a listed origin reads it");
});
