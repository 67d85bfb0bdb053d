# The broker: pages, API and recordings, one process. Everything it keeps is in /data.

FROM node:20-slim AS pages
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
RUN npm ci --ignore-scripts
COPY web ./
RUN npm run build

FROM python:3.11-slim AS package
WORKDIR /src
COPY requirements-dev.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements-dev.lock
COPY pyproject.toml README.md LICENSE ./
COPY broker broker
COPY --from=pages /src/broker/server/pages broker/server/pages
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /dist .

FROM python:3.11-slim
COPY requirements.lock /tmp/
COPY --from=package /dist /tmp/dist
RUN pip install --no-cache-dir --require-hashes -r /tmp/requirements.lock \
 && pip install --no-cache-dir --no-deps --no-index /tmp/dist/*.whl \
 && rm -r /tmp/requirements.lock /tmp/dist \
 && useradd --system --uid 10001 --no-create-home jumpseat \
 && install --directory --owner jumpseat --mode 0700 /data
USER jumpseat
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s CMD \
  ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
# What browsers and customers call it follows: docker run IMAGE --url https://support.example.com
ENTRYPOINT ["jumpseat", "serve", "--data", "/data", "--listen", "0.0.0.0:8000"]
CMD ["--url", "http://localhost:8000"]
