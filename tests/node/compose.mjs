// Composes the subgraphs named on the command line (`name=file`); prints what is wrong, or the supergraph's SDL.
import { readFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";

const services = process.argv.slice(2).map((argument) => {
  const [name, file] = argument.split("=");
  return { name, url: `http://${name}.invalid/graphql`, typeDefs: parse(readFileSync(file, "utf8")) };
});
const { errors, supergraphSdl } = composeServices(services);
if (errors?.length) {
  for (const error of errors) console.error(`${error.extensions?.code ?? "ERROR"}: ${error.message}`);
  process.exit(1);
}
console.log(supergraphSdl);
