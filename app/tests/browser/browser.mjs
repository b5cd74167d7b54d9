// Chromium, as every scenario uses it.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, join } from "node:path";

// `require` searches NODE_PATH, where the test has installed the package; `import` does not.
const { chromium } = createRequire(import.meta.url)("playwright-core");

/** Where Chrome and Chromium are installed: on Debian and Ubuntu, Fedora, macOS. `./test` has the same list. */
const PROGRAMS = [
    "/usr/bin/google-chrome",
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/** How long each step may take. Slow machines need much less; only failing tests reach it. */
const STEP_TIMEOUT_MILLISECONDS = 60_000;

/** What the test passes: addresses, paths and bodies. */
export const settings = JSON.parse(process.argv[2]);

/** Where the service is found by browsers, without a slash at the end. */
export const home = `http://${settings.host}${settings.prefix}`;

/**
 * Runs a scenario in a browser that reaches the service, other sites, `{name: "address:port"}`, and no other hosts. If
 * the scenario fails, there are screenshots of its pages.
 */
export async function run(otherSites, scenario) {
    const browser = await start({ [settings.host]: settings.address, ...otherSites });
    const context = await browser.newContext({ viewport: { width: 1280, height: 1400 } });
    context.setDefaultTimeout(STEP_TIMEOUT_MILLISECONDS);

    try {
        await scenario(context);
    } catch (error) {
        for (const [index, page] of context.pages().entries()) {
            await screenshot(page, `failed-${index}`).catch(() => {});
        }
        throw error;
    } finally {
        await browser.close();
    }
}

function start(hosts) {
    const executablePath = PROGRAMS.find((path) => existsSync(path));
    if (executablePath === undefined) {
        throw new Error("Chromium is missing; install it (Debian: apt-get install chromium)");
    }

    // A request to any other name or address fails: of a page, and of Chromium, which asks its maker for updates and
    // more whatever its flags are.
    const rules = Object.entries(hosts).map(([name, address]) => `MAP ${name} ${address}`);
    rules.push("MAP * ~NOTFOUND");

    return chromium.launch({
        executablePath,
        // Chromium's sandbox does not start as root, the user of tests in containers.
        chromiumSandbox: process.getuid() !== 0,
        args: [`--host-resolver-rules=${rules.join(", ")}`, "--no-proxy-server"],
        timeout: STEP_TIMEOUT_MILLISECONDS,
    });
}

/** Keeps a picture of what the page shows, and prints where it is. Scenarios run at the same time, also one twice. */
export async function screenshot(page, name) {
    const scenario = basename(process.argv[1], ".mjs") + settings.prefix.replaceAll("/", "-");
    const path = join(settings.screenshots, `${scenario}-${name}.png`);
    await page.screenshot({ path });
    console.log(`screenshot: ${path}`);
}
