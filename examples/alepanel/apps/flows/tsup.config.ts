import { defineConfig } from "tsup";

export default defineConfig({
  entry: { server: "src/server.ts" },
  format: ["cjs"],
  outExtension: () => ({ js: ".cjs" }),
  target: "node20",
  // One file with everything in it: the image needs no node_modules.
  noExternal: [/.*/],
  // Optional native speed-ups that pg and ws look for and do without.
  external: ["pg-native", "bufferutil", "utf-8-validate"],
  clean: true,
});
