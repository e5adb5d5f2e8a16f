# evtscan in a container. Evidence is mounted read-only, the working folder takes the outputs:
#   docker build -t evtscan .
#   docker run --rm -v "$PWD/hosts:/evidence:ro" -v "$PWD/out:/out" evtscan audit /evidence -o /out/run
FROM python:3.13-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY evtscan evtscan
COPY rules rules
RUN python -m venv /opt/evtscan && /opt/evtscan/bin/pip install --no-cache-dir .

FROM python:3.13-slim
COPY --from=build /opt/evtscan /opt/evtscan
RUN useradd --create-home --uid 10001 evtscan && mkdir /out && chown evtscan /out
USER evtscan
WORKDIR /out
ENTRYPOINT ["/opt/evtscan/bin/evtscan"]
CMD ["--help"]
