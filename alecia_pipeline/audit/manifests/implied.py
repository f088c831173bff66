"""Dependencies that work without being named: a tool finds them by convention, a program needs them beside it."""

import re

_NAMES = frozenset({
    "@babel/runtime", "@edge-runtime/vm", "@graphql-typed-document-node/core", "@react-email/preview-server",
    "@swc/helpers", "autoprefixer", "better-sqlite3", "bufferutil", "core-js", "critters", "encoding", "esbuild",
    "eslint", "graphql", "happy-dom", "husky", "ioredis", "isbot", "jest", "jiti", "jsdom", "less", "lightningcss",
    "mongodb", "mysql", "mysql2", "next", "node", "npm", "oracledb", "pg", "pg-native", "pino-pretty", "pnpm",
    "postcss", "prettier", "react", "react-dom", "react-native", "react-native-web", "react-refresh", "redis",
    "reflect-metadata", "regenerator-runtime", "rollup", "sass", "sass-embedded", "sharp", "source-map-support",
    "sqlite3", "storybook", "stylus", "svelte", "tailwindcss", "tedious", "terser", "ts-node", "tsconfig-paths",
    "tslib", "tsx", "turbo", "typescript", "utf-8-validate", "vite", "vitest", "vue", "vue-router", "webpack", "yarn",
})  # fmt: skip
"""Loaded by a framework, a database layer, a compiler or a bundler when they are there."""

_FAMILIES = re.compile(
    r"@types/|@(?:angular|astrojs|babel|bufbuild|capacitor|changesets|commitlint|docusaurus|eslint|expo"
    r"|graphql-codegen|grpc|iconify-json|jest|lezer|nestjs|nuxt|nuxtjs|opentelemetry|parcel|playwright|prettier|react-native|react-native-community|rollup|rspack|semantic-release"
    r"|storybook|sveltejs|swc|tailwindcss|testing-library|typescript-eslint|vitejs|vitest|vue)/"
    r"|(?:expo|react-native|capacitor|cordova|nativescript|ember|gatsby|hexo|grunt|karma|mocha|cypress|release-it)-"
)
"""What a host looks up by its own list, links by itself, or needs in the version beside it."""

_PARTS = re.compile(
    r"(?:^|[/-])(?:babel|eslint|prettier|postcss|stylelint|commitlint|tailwindcss|rollup|vite|vitest|webpack|esbuild|jest"
    r"|remark|rehype|markdownlint|cspell|textlint|semantic-release|storybook|typedoc|knex|hubot)-"
    r"|(?:^|[/-])(?:plugin|preset|loader|config|configs|transformer|reporter|adapter|addon|types|typings|polyfill|dialect"
    r"|formatter|runner)(?:s?$|[/-])"
    r"|-(?:linux|darwin|win32|android|freebsd|wasm32|musl|gnu|msvc)(?:-|$)"
)
"""Plugins and native parts, whose host takes their names in many shapes."""


def is_implied(name: str) -> bool:
    """Tell whether a dependency may be needed although nothing names it."""
    return name in _NAMES or _FAMILIES.match(name) is not None or _PARTS.search(name) is not None
