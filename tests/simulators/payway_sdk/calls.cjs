// Makes calls with Payway's own library for Node against the simulator: `node calls.cjs <base url> <public key> <private key>`, the calls
// as JSON on stdin, [["payment", {…}], …]; what each answered as JSON on stdout. "$1.id" in an argument is the id of call 1's answer; what
// follows it ("$1.id/refunds", "$1.id?expand=card_data") stays.
const { readFileSync } = require("node:fs");
const constants = require("sdk-node-payway/lib/utils/constants");

const [base, publicKey, privateKey] = process.argv.slice(2);
// The library knows its own addresses only, and says everything that it does on stdout.
constants.ENDPOINT_SANDBOX_V1 = `${base}/api/v1`;
constants.ENDPOINT_SANDBOX_V2 = `${base}/api/v2`;
console.log = () => undefined;
const { sdk: Sdk } = require("sdk-node-payway");

const sdk = new Sdk("developer", publicKey, privateKey, "", "");
const answers = [];

function filledIn(value) {
  const reference = typeof value === "string" ? /^\$(\d+)\.(\w+)([/?].*)?$/.exec(value) : null;
  if (reference !== null) {
    const found = answers[Number(reference[1])][reference[2]];
    return reference[3] === undefined ? found : `${found}${reference[3]}`;
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Array.isArray(value) ? value.map(filledIn) : Object.fromEntries(Object.entries(value).map(([key, one]) => [key, filledIn(one)]));
}

async function main() {
  for (const [name, ...args] of JSON.parse(readFileSync(0, "utf8"))) {
    answers.push(await new Promise((resolve) => sdk[name](...args.map(filledIn), (answer) => resolve(answer))));
  }
  process.stdout.write(JSON.stringify(answers));
  process.exit(0);
}

void main();
