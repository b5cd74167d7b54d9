// What a page must not do.

import assert from "node:assert/strict";

/** Records the errors of a page and its requests to other hosts, from before it is loaded. */
export class Faults {
    #page;
    #found = [];
    #provoked = new Set();

    constructor(page, origin) {
        this.#page = page;
        const isOwn = (url) => new URL(url).origin === origin || /^(data|blob):/.test(url);

        page.on("request", (request) => {
            if (!isOwn(request.url())) this.#record(`request to another host: ${request.url()}`);
        });
        page.on("requestfailed", (request) => {
            this.#record(`request failed: ${request.url()}: ${request.failure().errorText}`);
        });
        page.on("pageerror", (error) => this.#record(`error of a script: ${error.stack}`));
        page.on("console", (message) => {
            const [, status] = message.text().match(/responded with a status of (\d+)/) ?? [];
            const isFault = message.type() === "error" && !this.#provoked.has(status);
            if (isFault) this.#record(`error in the console: ${message.text()} ${message.location().url}`);
        });
    }

    /** Prints it as well, because it may be why a step never ends. */
    #record(fault) {
        console.error(fault);
        this.#found.push(fault);
    }

    /** From now on, the scenario provokes responses with this status. Chromium reports each in the console. */
    provoke(status) {
        this.#provoked.add(status);
    }

    /** Fails if there was a fault. */
    async assertNone() {
        // What the page has reported before this message arrives before it.
        const end = "everything before this was recorded";
        const arrived = this.#page.waitForEvent("console", (message) => message.text() === end);
        await this.#page.evaluate((text) => console.debug(text), end);
        await arrived;

        assert.deepEqual(this.#found, [], "the page has faults");
    }
}
