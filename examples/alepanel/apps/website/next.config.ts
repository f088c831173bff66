import path from "node:path";
import type { NextConfig } from "next";

const monorepo = path.join(import.meta.dirname, "../..");

const config: NextConfig = {
  output: "standalone",
  // The server's files are traced from the monorepo's root, because the workspace packages live there.
  outputFileTracingRoot: monorepo,
  turbopack: { root: monorepo },
  poweredByHeader: false,
  // The same build id for the same source; Next.js makes a random one where none is given.
  generateBuildId: () => process.env.BUILD_ID || null,
};

export default config;
