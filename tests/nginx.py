"""nginx as a load balancer, where it is installed (the Debian package nginx-light), as a process of one's own user."""

import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

PROGRAM = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
TIMEOUT = 20  # seconds until it answers

_CONFIGURATION = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream registry {{
        {servers}
        keepalive 16;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://registry;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_buffering off;
            proxy_connect_timeout 1s;
        }}
    }}
}}
"""


@contextmanager
def balanced(folder: Path, port: int, servers: Sequence[str]) -> Iterator[str]:
    """The URL of an nginx in front of servers, each as ``host:port``. It tries the next one only where it is sure that
    the first has not got the request, as is its default for requests that change something. None is left out for a time
    because it did not answer before: it may be the only one a moment later."""
    assert PROGRAM is not None
    configuration = folder / "nginx.conf"
    lines = "\n".join(f"server {server} max_fails=0;" for server in servers)
    configuration.write_text(_CONFIGURATION.format(folder=folder, servers=lines, port=port))
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([PROGRAM, "-e", f"{folder}/error.log", "-c", str(configuration)])
    try:
        deadline = time.monotonic() + TIMEOUT
        while True:
            try:
                assert httpx.get(f"{url}/health").status_code == 200
                break
            except httpx.ConnectError:
                assert process.poll() is None, (folder / "error.log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.02)
        yield url
    finally:
        process.terminate()
        process.wait()
