# The application for docker-compose.yml: locked requirements by hash in a stage of their own; what runs is an
# ordinary user's, needs no shell, writes to /site and /tmp only and can say whether it is well.
FROM python:3.11-slim AS build
WORKDIR /build
RUN python -m venv /opt/classroom-climate
ENV PATH=/opt/classroom-climate/bin:$PATH
COPY requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
COPY --from=build /opt/classroom-climate /opt/classroom-climate
ENV PATH=/opt/classroom-climate/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
RUN useradd --uid 1000 --no-create-home classroom && mkdir /site && chown classroom /site
USER classroom
HEALTHCHECK --interval=30s --timeout=15s --start-period=120s CMD ["classroom-climate", "health"]
ENTRYPOINT ["classroom-climate"]
CMD ["run", "--site", "/site"]
