/**
 * Checks texts with Harper. Standard input is a JSON array of texts, the first argument a JSON array of
 * rules to turn off, and standard output a JSON array with the lints of each text.
 */
import { readFileSync } from "node:fs";
import { Dialect, LocalLinter } from "harper.js";
import { binaryInlined } from "harper.js/binaryInlined";

const linter = new LocalLinter({ binary: binaryInlined, dialect: Dialect.British });
const config = await linter.getLintConfig();
for (const rule of JSON.parse(process.argv[2] ?? "[]")) {
  if (!(rule in config)) throw new Error(`Harper has no rule ${rule}`);
  config[rule] = false;
}
await linter.setLintConfig(config);
const found = [];
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  const lints = [];
  for (const [rule, some] of Object.entries(await linter.organizedLints(text, { language: "plaintext" }))) {
    for (const lint of some) {
      const { start, end } = lint.span();
      lints.push({ rule, start, end, message: lint.message() });
    }
  }
  found.push(lints);
}
console.log(JSON.stringify(found));
