/** Types of the API, made from its document into src/api/: `npm run api`; a test holds them against each other. */
import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "../lambdas/openapi.json",
  output: "src/api",
  plugins: ["@hey-api/typescript"],
});
