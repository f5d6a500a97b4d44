/** The browser the tests drive: a Chromium that is already on the machine, else the distribution's own package. */
import { canInstallPackages, installPackages } from './packages.mjs';
import { query, StepError, step, which } from './steps.mjs';

const BROWSERS = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];
const DEBIAN_PACKAGES = ['chromium', 'chromium-driver'];

/**
 * @typedef {object} Browser
 * @property {string} executable path of Chromium or Chrome
 * @property {string} driver path of the ChromeDriver that goes with it
 */

/** @returns {Browser | undefined} */
export function findBrowser() {
  const executable = [process.env.CHROMIUM, ...BROWSERS].map((name) => name && which(name)).find(Boolean);
  const driver = [process.env.CHROMEDRIVER, 'chromedriver'].map((name) => name && which(name)).find(Boolean);
  return executable && driver ? { executable, driver } : undefined;
}

/** @returns {Promise<Browser>} */
export function ensureBrowser() {
  return step('Chromium', async (report, note) => {
    let browser = findBrowser();
    if (!browser && canInstallPackages()) {
      await installPackages(DEBIAN_PACKAGES, report);
      browser = findBrowser();
    }
    if (!browser) {
      throw new StepError(
        'the tests need Chromium or Chrome and its ChromeDriver',
        'install both, and set CHROMIUM and CHROMEDRIVER to their paths if they are not on PATH',
      );
    }
    note(query(browser.executable, ['--version'])?.split(' built on')[0].trim() ?? browser.executable);
    return browser;
  });
}
