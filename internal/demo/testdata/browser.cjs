// Drives the demo page in Chromium: clicks every button and prints what each showed, as one JSON document.
// Usage: node browser.cjs URL CHROMIUM. The Go test asserts.
const { chromium } = require("playwright-core");

const [url, executablePath] = process.argv.slice(2);
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const report = { guarded: {}, bypassed: {}, errors: [], widths: {} };

const connected = (page) => page.waitForFunction(() => document.querySelectorAll(".status.on").length === 2);

async function attack(page, item) {
  const result = item.locator(".result");
  await item.locator("button").first().click();
  await item.locator(".result[data-effect]").waitFor();
  const seen = { effect: await result.getAttribute("data-effect"), text: await result.innerText() };
  const link = result.locator("button.link");
  if (await link.count()) {
    await link.click();
    seen.json = JSON.parse(await page.locator("#detail").innerText());
    seen.row = await page.locator("#stream li:has([aria-pressed=true]) .chip").innerText();
  }
  return seen;
}

async function attackAll(page) {
  const seen = {};
  for (const item of await page.locator(".attack").all()) {
    seen[(await item.getAttribute("id")).replace("attack-", "")] = await attack(page, item);
  }
  return seen;
}

async function say(page, from, to, text) {
  await page.locator(from + " input").fill(text);
  await page.locator(from + " input").press("Enter");
  await page.locator(to + " .raw", { hasText: text }).waitFor();
  return page.locator(to + " li", { hasText: text }).last().innerText();
}

async function setBypass(page, on) {
  await page.locator("#bypass").setChecked(on);
  await page.waitForFunction(() => document.querySelectorAll(".status.on").length === 2);
}

async function drive(page) {
  page.on("console", (m) => m.type() === "error" && report.errors.push(m.text()));
  page.on("pageerror", (e) => report.errors.push(e.message));
  await page.goto(url);
  await connected(page);
  report.plain = await say(page, "#ada", "#mallory", "is a < b && c > d, Mallory? <3");
  report.guarded = await attackAll(page);
  report.notes = await page.locator("#mallory .messages").innerText();
  report.changed = await page.locator("#ada .badge").count();
  report.counts = await page.locator(".counts").innerText();
  await page.locator("#tab-decisions").focus();
  await page.keyboard.press("ArrowRight");
  report.policy = await page.locator("#file-policy").innerText();
  await page.keyboard.press("ArrowRight");
  report.config = await page.locator("#file-config").innerText();
  await setBypass(page, true);
  report.bypassed = await attackAll(page);
  await setBypass(page, false);
  report.again = await say(page, "#mallory", "#ada", "back behind the gateway");
  for (const width of [1280, 820, 390]) {
    await page.setViewportSize({ width, height: 800 });
    report.widths[width] = await page.evaluate(() => document.documentElement.scrollWidth);
  }
}

(async () => {
  const browser = await chromium.launch({ executablePath, args: flags });
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(20000);
    await drive(page);
    const late = await browser.newPage();
    await late.goto(url);
    await late.locator("#stream li").first().waitFor();
    report.late = await late.locator("#stream li").count();
  } finally {
    await browser.close();
  }
  console.log(JSON.stringify(report));
})().catch((error) => {
  console.error(error.message, "\nso far:", Object.keys(report.guarded), Object.keys(report.bypassed), report.errors);
  process.exit(1);
});
