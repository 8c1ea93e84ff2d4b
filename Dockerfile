# One image for the API (with the console) and the worker; docker-compose.yml says which of the two a container is.
FROM node:24.11.1-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev

# The console, built with packages that production is without.
FROM node:24.11.1-bookworm-slim AS console
WORKDIR /app
COPY package.json package-lock.json .npmrc tsconfig.json ./
RUN npm ci
COPY web ./web
COPY src/cli/generated ./src/cli/generated
RUN node node_modules/vite/bin/vite.js build web

FROM node:24.11.1-bookworm-slim
# What the worker moves disks with. QEMU itself runs on the KVM hosts; qemu-system-common has qemu-storage-daemon.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends \
      ca-certificates iputils-ping libnbd-bin libvirt-clients qemu-system-common qemu-utils socat tini \
 && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 10001 novacron \
 && useradd --system --uid 10001 --gid novacron --home-dir /var/lib/novacron --shell /usr/sbin/nologin novacron \
 && install --directory --owner=novacron --group=novacron --mode=0700 /var/lib/novacron
WORKDIR /app
COPY --from=packages /app/node_modules ./node_modules
COPY package.json tsconfig.json ./
COPY src ./src
COPY data ./data
COPY --from=console /app/web/dist ./console
COPY deploy/tools.json /etc/novacron/tools.json
ENV NODE_ENV=production \
    NOVACRON_HOME=/var/lib/novacron \
    NOVACRON_INSTANCE_DIR=/var/lib/novacron \
    NOVACRON_TOOLS=/etc/novacron/tools.json \
    NOVACRON_CONSOLE_DIR=/app/console
USER novacron
VOLUME /var/lib/novacron
ENTRYPOINT ["tini", "--"]
CMD ["node", "src/api/main.ts"]
