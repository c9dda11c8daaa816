# The framework as an image, for the orchestrator of terraform/:
#   docker build --build-arg EXTRAS=snowflake -t framework .
# A project is an image made of it: FROM framework, and COPY . /project

FROM python:3.13-slim AS build
ARG EXTRAS=snowflake,databricks,postgres
RUN python -m venv --without-pip /opt/framework
WORKDIR /source
COPY pyproject.toml README.md ./
COPY framework framework
# This checkout is installed, with the versions that its pyproject.toml admits.
# hadolint ignore=DL3013
RUN pip --python /opt/framework/bin/python install --no-cache-dir ".[${EXTRAS}]"

FROM python:3.13-slim
COPY --from=build /opt/framework /opt/framework
# All else can be mounted read-only: what a run writes goes to these folders, which are its own.
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /scratch --shell /usr/sbin/nologin runner \
    && mkdir -p /scratch /keys /project/target \
    && chown 10001:10001 /scratch /keys /project/target \
    && chmod 0700 /scratch /keys
ENV PATH=/opt/framework/bin:$PATH \
    HOME=/scratch \
    TMPDIR=/scratch \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /project
VOLUME ["/scratch", "/keys", "/project/target"]
USER 10001:10001
# A run that hears Ctrl-C stops its statements, and publishes nothing.
STOPSIGNAL SIGINT
# A run ends; there is nothing to ask for its health.
HEALTHCHECK NONE
ENTRYPOINT ["framework"]
CMD ["--help"]
