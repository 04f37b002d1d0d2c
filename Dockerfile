# The service alone: without development tools and without the embedded PostgreSQL, so DATABASE_URL is required.

FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY client/package.json client/
COPY scripts/generate.mjs scripts/
# No package's own install script runs: the build needs none of them, and generates the database client itself.
RUN npm ci --ignore-scripts
COPY prisma.config.ts tsconfig.base.json tsconfig.build.json ./
COPY prisma prisma
COPY client client
COPY src src
RUN npm run build

# A stage of its own keeps npm's download cache out of the image.
FROM node:20-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY client/package.json client/
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:20-bookworm-slim
WORKDIR /app
ENV NODE_ENV=production HOST=0.0.0.0
COPY --from=dependencies /app ./
COPY --from=build /app/dist dist
COPY --from=build /app/client/dist client/dist
COPY prisma prisma
COPY LICENSE ./
# Root owns the files: the service has nothing to write.
USER node
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 8080}/healthz`, { signal: AbortSignal.timeout(2000) }).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
