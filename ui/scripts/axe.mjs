// `npm run test:axe`: axe over every screen of the fake, light and dark, in both languages; and over the main ones
// with more contrast, in the system's own colours, and enlarged to twice the size.
// `… -- --only ready --shots /tmp/shots --size 700x600` looks at some of them and keeps pictures.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { parseArgs } from "node:util";
import { openFake } from "./fake.mjs";
import { SCENES } from "./scenes.mjs";

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    shots: { type: "string" },
    size: { type: "string", default: "1180x780" },
    zoom: { type: "string", default: "1" },
    themes: { type: "string", default: "light,dark" },
    languages: { type: "string", default: "en,fr" },
    contrast: { type: "string" },
    forced: { type: "boolean", default: false },
  },
});
const axe = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const [width, height] = options.size.split("x").map(Number);
const { contrast, forced } = options;
const asked = { zoom: Number(options.zoom), contrast, forced };
const scenes = SCENES.filter(([name]) => !options.only || new RegExp(options.only).test(name));
if (options.shots) mkdirSync(options.shots, { recursive: true });

const fake = await openFake();
const MAIN =
  /^(sign-in|people-panel|inbox|approvals|why|code|ready|live|history|report|settings|palette-found|note|bar)$/;
/** How the main screens are looked at besides. */
const SIGHTS = [
  { locale: "en", themes: ["light"], contrast: "more" },
  { locale: "en", themes: ["dark"], forced: true },
  { locale: "fr", themes: ["light"], zoom: 2 },
];

const themes = options.themes.split(",");
const runs = options.languages
  .split(",")
  // No colour depends on the language: the other theme is looked at in the first one.
  .flatMap((locale, index) =>
    scenes.map((scene) => ({ scene, ...asked, locale, themes: index > 0 ? themes.slice(0, 1) : themes })),
  );
if (process.argv.length === 2) {
  const main = scenes.filter(([name]) => MAIN.test(name));
  runs.push(...SIGHTS.flatMap((sight) => main.map((scene) => ({ scene, zoom: 1, ...sight }))));
}
const wrong = [];
let looks = 0;

async function look({ scene: [name, address, ready, act, first], locale, themes, zoom, contrast, forced }) {
  const context = await fake.browser.newContext({
    locale,
    colorScheme: themes[0],
    reducedMotion: "reduce",
    // Enlarging a page makes its window smaller in the page's own pixels, and each pixel larger.
    viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) },
    deviceScaleFactor: zoom,
    forcedColors: forced ? "active" : "none",
    contrast,
  });
  const how = [locale, contrast && "more contrast", forced && "forced", zoom > 1 && `${zoom}x`];
  const where = `${name} (${how.filter(Boolean).join(", ")})`;
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => wrong.push(`${where}: ${error.message}`));
    await first?.(page);
    await page.goto(fake.base + address);
    await page.waitForSelector(`[data-testid="${ready}"]`);
    if (!address.startsWith("/bar")) await page.waitForSelector("h1", { state: "attached" });
    await act?.(page);
    await page.waitForTimeout(400);
    await page.addScriptTag({ path: axe });
    for (const [index, colorScheme] of themes.entries()) {
      await page.emulateMedia({ colorScheme });
      if (options.shots)
        await page.screenshot({ path: `${options.shots}/${name}-${locale}-${colorScheme}.png` });
      // In another theme only the colours are other ones. The system's own are painted in place of ours, of which
      // alone axe knows.
      const how = index > 0 ? { runOnly: ["color-contrast"] } : {};
      const rules = forced ? { "color-contrast": { enabled: false } } : {};
      const found = await page.evaluate(
        (how) => globalThis.axe.run(document, { resultTypes: ["violations"], ...how }),
        { ...how, rules },
      );
      looks++;
      for (const { id, help, nodes } of found.violations) {
        for (const node of nodes.slice(0, 3))
          wrong.push(
            `${where}, ${colorScheme}: ${id}: ${help}: ${node.html.slice(0, 160)}\n    ${node.any
              .concat(node.all, node.none)
              .map(({ message }) => message)
              .join("; ")}`,
          );
      }
    }
    const past = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (past > 0) wrong.push(`${where}: wider than the window by ${past} px`);
  } catch (error) {
    wrong.push(`${where}: ${error.message.split("\n").slice(0, 3).join(" ")}`);
  } finally {
    await context.close();
  }
}

const rest = [...runs];
await Promise.all(
  Array.from({ length: 6 }, async () => {
    for (let run = rest.shift(); run; run = rest.shift()) await look(run);
  }),
);
await fake.close();

console.log(`${looks} screens looked at, ${wrong.length} things wrong`);
if (wrong.length > 0) {
  console.error([...new Set(wrong)].join("\n"));
  process.exitCode = 1;
}
