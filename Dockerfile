FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv && /opt/venv/bin/pip install --quiet uv==0.13.8
COPY requirements.lock .
RUN /opt/venv/bin/uv pip sync --compile-bytecode --python /opt/venv/bin/python requirements.lock

FROM python:3.12-slim-bookworm
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 TWINPORTAL_VAR=/var/lib/twinportal
# for the visit summary as PDF
RUN apt-get update -q && apt-get install -y -q --no-install-recommends \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
    && rm -rf /var/lib/apt/lists/*
# a new volume takes the owner of the folder that it covers
RUN useradd --system --create-home --home-dir /var/lib/twinportal twinportal \
    && install -d -o twinportal -g twinportal -m 700 /var/lib/twinportal/bulk
COPY --from=build /opt/venv /opt/venv
WORKDIR /app
COPY . .
# collecting static files reads settings, not secrets: production's own are given at run time
RUN TWINPORTAL_MODE=test TWINPORTAL_MANIFEST=1 TWINPORTAL_STATIC_ROOT=/app/staticfiles \
    python -m django collectstatic --noinput --settings twinportal.settings
USER twinportal
EXPOSE 8000
CMD ["gunicorn", "twinportal.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "3", "--threads", "4", "--logger-class", "twinportal.server_log.ServerLog"]
