// The documentation page shows everything that it has.

import assert from "node:assert/strict";

import { run, screenshot } from "./browser.mjs";
import { openDocumentation } from "./swagger_ui.mjs";

await run({}, async (context) => {
    const { page, faults } = await openDocumentation(context);
    await screenshot(page, "opened");

    const operations = await page.locator(".opblock").count();
    for (const summary of await page.locator(".opblock-summary-control").all()) await summary.click();
    const models = await page.locator("section.models .model-container").all();
    for (const model of models) await model.locator(".model-box-control").first().click();

    const shown = await page.locator(".opblock-body .responses-table").count();
    assert.equal(shown, operations, "every operation shows its responses");
    await faults.assertNone();
});
