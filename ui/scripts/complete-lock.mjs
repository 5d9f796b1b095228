// Run after a change of dependencies: `node scripts/complete-lock.mjs`.
// A registry mirror that lacks the binaries of other systems makes npm leave them out of the lock file, and `npm ci`
// then refuses it everywhere. This names them again, by the exact version their package asks for, so that `npm ci`
// works here and installs the right binary there. They carry no checksum, because nobody here could compute one.
import { readFileSync, writeFileSync } from "node:fs";

const path = new URL("../package-lock.json", import.meta.url);
const lock = JSON.parse(readFileSync(path, "utf8"));
const SYSTEMS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32"];
const CPUS = ["arm64", "arm", "x64", "ia32", "ppc64", "s390x", "riscv64"];

const added = [];
for (const [place, entry] of Object.entries(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${place}/node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[hoisted]) continue;
    const words = name.split("/").at(-1).split("-");
    const os = SYSTEMS.filter((system) => words.includes(system));
    const cpu = CPUS.filter((kind) => words.includes(kind));
    if (os.length !== 1 || cpu.length !== 1 || !/^\d+\.\d+\.\d+/.test(version)) {
      throw new Error(`${name}@${version} of ${place} is missing, and its name does not tell its system.`);
    }
    const libc = words.includes("musl") ? { libc: ["musl"] } : {};
    lock.packages[hoisted] = { version, cpu, dev: true, ...libc, optional: true, os };
    added.push(`${name}@${version}`);
  }
}

const [root, ...rest] = Object.entries(lock.packages);
rest.sort(([one], [other]) => (one < other ? -1 : 1));
lock.packages = Object.fromEntries([root, ...rest]);
writeFileSync(path, `${JSON.stringify(lock, null, 2)}\n`);
console.log(added.length > 0 ? `Added ${added.join(", ")}` : "Nothing was missing.");
