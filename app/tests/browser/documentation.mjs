// The documentation page shows every operation.

import { run, screenshot } from "./browser.mjs";
import { openDocumentation } from "./swagger_ui.mjs";

await run({}, async (context) => {
    const { page, faults } = await openDocumentation(context);
    await screenshot(page, "opened");

    for (const operation of await page.locator(".opblock").all()) {
        const summary = operation.locator(".opblock-summary-control");
        await summary.click();
        await operation.locator(".responses-table").waitFor();
        // Closed again: a page with everything open takes seconds for each click.
        await summary.click();
    }
    await faults.assertNone();
});
