// Pages of other sites, whose scripts use the service.

import { createServer } from "node:http";

/** Serves an empty page. Returns the server's address. */
export async function serveEmptyPage() {
    const server = createServer((_, response) => {
        response.setHeader("Content-Type", "text/html").end("<!doctype html><title>Another site</title>");
    });
    await new Promise((listens) => server.listen(0, "127.0.0.1", listens));

    server.unref();
    return `127.0.0.1:${server.address().port}`;
}

/** Opens the page of a site. */
export async function openSite(context, origin) {
    const page = await context.newPage();
    await page.goto(origin);
    return page;
}

/** Sends a request from a script of the page. Returns what the script sees: a response, or `{error}`. */
export function send(page, url, options = {}) {
    const script = async ([url, options]) => {
        try {
            const response = await fetch(url, options);
            const headers = Object.fromEntries(response.headers);
            return { status: response.status, headers, text: await response.text() };
        } catch (error) {
            return { error: error.name };
        }
    };
    return page.evaluate(script, [url, options]);
}
