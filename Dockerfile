# The application for docker-compose.yml: locked requirements by hash, an ordinary user, no shell needed to run.
FROM python:3.11-slim
WORKDIR /opt/classroom-climate
COPY requirements/runtime.txt requirements/
RUN pip install --no-cache-dir --require-hashes -r requirements/runtime.txt
COPY . .
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && useradd --create-home --uid 1000 classroom
USER classroom
ENTRYPOINT ["classroom-climate"]
CMD ["run", "--site", "/site"]
