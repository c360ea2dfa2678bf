# docker build -t interviewer .   then see docker-compose.yml
FROM python:3.11-slim AS packages
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --require-hashes -r requirements.txt

FROM python:3.11-slim
ENV PATH=/venv/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    DEBUG=false \
    PORT=8000
RUN useradd --system --create-home --uid 10001 interviewer
COPY --from=packages /venv /venv
WORKDIR /app
COPY . .
# The key lives for this one command only; the container gets its own from the environment.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(64))')" ALLOWED_HOSTS=localhost \
    python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf data \
    && install -d -o interviewer data
USER interviewer
VOLUME /app/data
EXPOSE 8000
STOPSIGNAL SIGTERM
# Asks under a name the site answers to, which the bare address is not.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 CMD ["python", "-c", "\
import os, urllib.request as web; \
host = os.environ.get('ALLOWED_HOSTS', 'localhost').split(',')[0].strip().lstrip('.*') or 'localhost'; \
ready = 'http://127.0.0.1:' + os.environ['PORT'] + '/health/ready'; \
web.urlopen(web.Request(ready, headers={'Host': host, 'X-Forwarded-Proto': 'https'}), timeout=4)"]
CMD ["sh", "-c", "python manage.py migrate --noinput && python manage.py load_templates && exec python manage.py serve --host 0.0.0.0 --port \"$PORT\""]
