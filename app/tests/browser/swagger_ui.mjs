// The documentation page, used as a reader would.

import { Faults } from "./faults.mjs";
import { home } from "./browser.mjs";

/** Opens the documentation page and waits until it shows operations. */
export async function openDocumentation(context) {
    const page = await context.newPage();
    const faults = new Faults(page, new URL(home).origin);

    await page.goto(`${home}/docs`);
    await page.locator(".opblock").first().waitFor();
    return { page, faults };
}

const isOfScript = (response) => response.request().resourceType() === "fetch";

/** An operation on the page, ready to be tried out. */
export class Operation {
    #page;
    #block;

    static async open(page, method, path) {
        const operation = new Operation();
        operation.#page = page;
        const ofPath = page.locator(`[data-path="${path}"]`);
        operation.#block = page.locator(`.opblock-${method}`).filter({ has: ofPath });

        await operation.#block.locator(".opblock-summary-control").click();
        await operation.#block.getByRole("button", { name: "Try it out" }).click();
        return operation;
    }

    /** Fills in a parameter. */
    async fill(name, value) {
        await this.#block.locator(`tr[data-param-name="${name}"] input`).fill(value);
    }

    /** Fills in the body of the request. */
    async fillBody(text) {
        await this.#block.locator("textarea.body-param__text").fill(text);
    }

    /** Sends the request. Returns what the page shows of the response: status, header lines, and body as a value. */
    async execute() {
        const received = this.#page.waitForEvent("response", isOfScript);
        await this.#block.getByRole("button", { name: "Execute" }).click();
        const id = await (await received).headerValue("x-request-id");

        // The response of an earlier request is on the page until this one is.
        const shown = this.#block.locator(".live-responses-table .response").filter({ hasText: id });
        await shown.scrollIntoViewIfNeeded();
        const headers = await shown.locator(".headerline").allInnerTexts();
        return {
            status: await shown.locator(".response-col_status").innerText(),
            headers: headers.map((line) => line.trim()),
            body: JSON.parse(await shown.locator("code").innerText()),
        };
    }
}
