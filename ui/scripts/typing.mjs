// `npm run bench:typing`: how long a key takes to be on the screen while 100,000 people are searched, beside the
// same keys in a field of the same app that searches nothing.
import { openFake } from "./fake.mjs";

const TEXT = "marchand elise paris";
const ROUNDS = 5;
/** Between two keys, in milliseconds: quicker than anybody types. */
const PACE = 60;

const fake = await openFake();
const page = await fake.browser.newPage({ viewport: { width: 1180, height: 780 } });

/** Milliseconds from each key to the frame that shows it. */
async function type(address, field) {
  await page.goto(fake.base + address);
  const input = page.getByTestId(field);
  await input.waitFor();
  await input.evaluate((element) => {
    globalThis.waits = [];
    element.addEventListener("input", (event) => {
      if (element.value === "") return;
      requestAnimationFrame(() => {
        const shown = new MessageChannel();
        shown.port1.onmessage = () => globalThis.waits.push(performance.now() - event.timeStamp);
        shown.port2.postMessage(null);
      });
    });
  });
  for (let round = 0; round < ROUNDS; round++) {
    await input.fill("");
    await input.pressSequentially(TEXT, { delay: PACE });
  }
  await page.waitForTimeout(500);
  return (await page.evaluate(() => globalThis.waits)).sort((one, other) => one - other);
}

const searched = await type("/?scene=many#/people", "people-search");
const plain = await type("/?scene=many#/impersonation", "identifier");
await fake.close();

const at = (waits, share) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))];
console.log(`${searched.length} keys each, one every ${PACE} ms, to the frame that shows them:\n`);
console.log("                100,000 people     no search    ratio");
for (const [name, share] of [
  ["median", 0.5],
  ["of 20, the slowest", 0.95],
  ["slowest", 1],
]) {
  const [one, other] = [at(searched, share), at(plain, share)];
  const ratio = (one / other).toFixed(2);
  console.log(
    `${name.padEnd(18)}${`${one.toFixed(1)} ms`.padStart(12)}${`${other.toFixed(1)} ms`.padStart(14)}${ratio.padStart(9)}`,
  );
}
