// Prints what is wrong with the Dockerfile that is named, a line each.
const fs = require("fs");
const { validate } = require("dockerfile-utils");

for (const found of validate(fs.readFileSync(process.argv[2], "utf8"))) {
    console.log(`line ${found.range.start.line + 1}: ${found.message}`);
}
