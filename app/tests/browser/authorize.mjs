// "Authorize" on the documentation page of a service with tokens.

import assert from "node:assert/strict";

import { run, screenshot, settings } from "./browser.mjs";
import { Operation, openDocumentation } from "./swagger_ui.mjs";

await run({}, async (context) => {
    const { page, faults } = await openDocumentation(context);
    faults.provoke("401");

    const create = await Operation.open(page, "post", settings.collection);
    await create.fillBody(settings.body);
    const refused = await create.execute();
    assert.deepEqual([refused.status, refused.body.status], ["401", 401]);
    assert.ok(refused.headers.some((line) => line.startsWith("www-authenticate: Bearer")), refused.headers.join("\n"));

    await page.locator(".btn.authorize:not(.auth-btn-wrapper *)").click();
    const dialog = page.locator(".dialog-ux");
    await dialog.locator("input").fill(settings.token);
    await screenshot(page, "dialog");
    await dialog.getByRole("button", { name: "Apply credentials" }).click();
    await dialog.getByRole("button", { name: "Close" }).first().click();

    const created = await create.execute();
    await screenshot(page, "created");
    assert.equal(created.status, "201");
    await faults.assertNone();
});
