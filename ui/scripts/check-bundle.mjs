// A release must not contain the fake, a message in one language only, or anything from elsewhere.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const dist = new URL("../dist", import.meta.url).pathname;
const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const FORBIDDEN = [
  ["the fake", /UNDERSTUDY_FAKE/],
  ["an inline script", /<script(?![^>]*\bsrc=)[^>]*>/],
  ["a remote style, script or font", /(?:src|href)="https?:|@import\s+["']?https?:|url\(["']?https?:/],
];

const problems = [];
const sizes = new Map();
for (const entry of files) {
  const path = join(entry.parentPath ?? entry.path, entry.name);
  const name = path.slice(dist.length + 1);
  const bytes = readFileSync(path);
  sizes.set(name, gzipSync(bytes).length);
  if (!/\.(html|js|css)$/.test(name)) continue;
  const text = bytes.toString("utf8");
  for (const [what, pattern] of FORBIDDEN) {
    if (pattern.test(text)) problems.push(`${name} contains ${what}`);
  }
}

const LIMIT = 100 * 1024;
for (const page of ["index.html", "bar.html"]) {
  const html = readFileSync(join(dist, page), "utf8");
  const loaded = [...html.matchAll(/(?:src|href)="\/?([^"]+\.(?:js|css))"/g)].map(([, name]) => name);
  const total = loaded.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0);
  console.log(`${page}: ${(total / 1024).toFixed(1)} KB gzip without fonts, in ${loaded.length} files`);
  if (total > LIMIT) problems.push(`${page} loads more than ${LIMIT / 1024} KB`);
}

if (problems.length > 0) {
  console.error(problems.join("\n"));
  process.exit(1);
}
