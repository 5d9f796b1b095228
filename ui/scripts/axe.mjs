// `npm run test:axe`: axe over every screen of the fake, light and dark, in both languages.
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
const zoom = Number(options.zoom);
const scenes = SCENES.filter(([name]) => !options.only || new RegExp(options.only).test(name));
if (options.shots) mkdirSync(options.shots, { recursive: true });

const fake = await openFake();
const runs = options.languages
  .split(",")
  .flatMap((locale) =>
    options.themes
      .split(",")
      .flatMap((colorScheme) => scenes.map((scene) => ({ scene, locale, colorScheme }))),
  );
const wrong = [];

async function look({ scene: [name, address, ready, act], locale, colorScheme }) {
  const context = await fake.browser.newContext({
    locale,
    colorScheme,
    reducedMotion: "reduce",
    // Enlarging a page makes its window smaller in the page's own pixels, and each pixel larger.
    viewport: { width: Math.round(width / zoom), height: Math.round(height / zoom) },
    deviceScaleFactor: zoom,
    forcedColors: options.forced ? "active" : "none",
    contrast: options.contrast,
  });
  const where = `${name} (${locale}, ${colorScheme})`;
  try {
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    page.on("pageerror", (error) => wrong.push(`${where}: ${error.message}`));
    await page.goto(fake.base + address);
    await page.waitForSelector(`[data-testid="${ready}"]`);
    if (!address.startsWith("/bar")) await page.waitForSelector("h1", { state: "attached" });
    await act?.(page);
    await page.waitForTimeout(400);
    if (options.shots)
      await page.screenshot({ path: `${options.shots}/${name}-${locale}-${colorScheme}.png` });
    await page.addScriptTag({ path: axe });
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
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
