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
  { locale: "en", colorScheme: "light", contrast: "more" },
  { locale: "en", colorScheme: "dark", forced: true },
  { locale: "fr", colorScheme: "light", zoom: 2 },
];

const runs = options.languages
  .split(",")
  .flatMap((locale) => options.themes.split(",").map((colorScheme) => ({ ...asked, locale, colorScheme })))
  .flatMap((sight) => scenes.map((scene) => ({ scene, ...sight })));
if (process.argv.length === 2) {
  const main = scenes.filter(([name]) => MAIN.test(name));
  runs.push(...SIGHTS.flatMap((sight) => main.map((scene) => ({ scene, zoom: 1, ...sight }))));
}
const wrong = [];

async function look({
  scene: [name, address, ready, act, first],
  locale,
  colorScheme,
  zoom,
  contrast,
  forced,
}) {
  const context = await fake.browser.newContext({
    locale,
    colorScheme,
    reducedMotion: "reduce",
    // Enlarging a page makes its window smaller in the page's own pixels, and each pixel larger.
    viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) },
    deviceScaleFactor: zoom,
    forcedColors: forced ? "active" : "none",
    contrast,
  });
  const how = [locale, colorScheme, contrast && "more contrast", forced && "forced", zoom > 1 && `${zoom}x`];
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
    if (options.shots)
      await page.screenshot({ path: `${options.shots}/${name}-${locale}-${colorScheme}.png` });
    await page.addScriptTag({ path: axe });
    // The system's own colours are painted in place of ours, of which alone axe knows.
    const rules = { "color-contrast": { enabled: !forced } };
    const found = await page.evaluate(
      (rules) => globalThis.axe.run(document, { resultTypes: ["violations"], rules }),
      rules,
    );
    for (const { id, help, nodes } of found.violations) {
      for (const node of nodes.slice(0, 3))
        wrong.push(
          `${where}: ${id}: ${help}: ${node.html.slice(0, 160)}\n    ${node.any
            .concat(node.all, node.none)
            .map(({ message }) => message)
            .join("; ")}`,
        );
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

console.log(`${runs.length} screens looked at, ${wrong.length} things wrong`);
if (wrong.length > 0) {
  console.error([...new Set(wrong)].join("\n"));
  process.exitCode = 1;
}
