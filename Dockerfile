# The service as an image: gunicorn on PORT, its own files in the volume /data, no root, no build tools.
#   docker build -t who-to-call .
#   docker run --publish 8000:8000 --volume who-to-call:/data who-to-call
# It wants a proxy in front that reads whole requests, as in compose.yaml (docs/deploy.md says why).
FROM python:3.13-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/who-to-call
COPY requirements.txt ./
RUN /opt/who-to-call/bin/pip install --no-cache-dir --require-hashes -r requirements.txt
COPY pyproject.toml requirements.in README.md LICENSE ./
COPY routing routing
RUN /opt/who-to-call/bin/pip install --no-cache-dir --no-deps . \
    && /opt/who-to-call/bin/pip uninstall --yes pip

FROM python:3.13-slim-bookworm
RUN python -m pip uninstall --yes --root-user-action=ignore pip \
    && useradd --no-log-init --uid 10001 --home-dir /data --shell /usr/sbin/nologin who-to-call \
    && install -d -o who-to-call -m 700 /data /data/instance \
    && install -d -o who-to-call -m 755 /secrets
COPY --from=build /opt/who-to-call /opt/who-to-call
COPY --chown=who-to-call directory.yaml /data/
ENV PATH=/opt/who-to-call/bin:$PATH PORT=8000
# Relative paths (directory.yaml, instance) are those of this folder.
WORKDIR /data
USER 10001
VOLUME /data
EXPOSE 8000
# /healthz alone: a container that is degraded still answers callers, and a restart would not help.
HEALTHCHECK --interval=10s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import os, urllib.request; urllib.request.urlopen(f'http://127.0.0.1:{os.environ[\"PORT\"]}/healthz', timeout=4)"]
# Callers are answered without a database too, so a failed upgrade does not keep the service from starting.
CMD ["sh", "-c", "who-to-call db upgrade; exec gunicorn --worker-tmp-dir /dev/shm --config python:routing.gunicorn_config 'routing:create_app()'"]
