// The rules the schema passes: graphql-eslint's `schema-recommended`.
import graphql from "@graphql-eslint/eslint-plugin";

export default [
  {
    files: ["**/*.graphql"],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: "./schema.graphql" } },
    },
    plugins: { "@graphql-eslint": graphql },
    rules: {
      ...graphql.configs["flat/schema-recommended"].rules,
      // Only nodes have ids. A connection, an edge, a payload, a goal of a pact or an agency's answer is a part of something
      // else: an id would promise that it can be asked for by it. That every node has one is held by the interface `Node`.
      "@graphql-eslint/strict-id-in-types": "off",
    },
  },
];
