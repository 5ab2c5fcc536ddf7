"""nginx in front of the application, configured exactly as docs/access.md says, except for PLACES.

PLACES lists what readers replace too: ports, addresses and certificate paths.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import ssl
import subprocess
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from tests.running_server import ENDS_WITHIN, SOURCES, free_port
from tests.waiting import wait_until

DOCUMENT = SOURCES / "docs/access.md"
EXAMPLE = re.compile(r"^```nginx\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAME = "events.example.org"
# What stands around the document's part, which goes into the block `http` of any nginx.
AROUND = """\
{user}daemon off;
worker_processes 1;
error_log {folder}/error.log;
pid {folder}/nginx.pid;
events {{ worker_connections 256; }}
http {{
access_log off;
client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{documented}
}}
"""


def find() -> str | None:
    """Return the path of nginx, which is often only on root's path."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


class SignInProxy(BaseHTTPRequestHandler):
    """Answers nginx's auth requests like oauth2-proxy: 202 with the address of the cookie's user, 401 without one."""

    def do_GET(self) -> None:
        name = re.search(r"_oauth2_proxy=([^;]*)", self.headers.get("Cookie", ""))
        self.send_response(202 if name else 401)
        if name:
            self.send_header("X-Auth-Request-Email", name.group(1))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        """Log nothing."""


class Nginx:
    """A context manager; `base_url` is for browsers, and `client` trusts its certificate."""

    def __init__(self, application_port: int) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="marcus-nginx-")
        self.port = free_port()
        self.base_url = f"https://{NAME}:{self.port}"
        self.sign_in = ThreadingHTTPServer(("127.0.0.1", 0), SignInProxy)
        self.places = {
            "127.0.0.1:8000": f"127.0.0.1:{application_port}",
            "127.0.0.1:4180": f"127.0.0.1:{self.sign_in.server_port}",
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "/etc/ssl/events.example.org.pem": self.path("certificate.pem"),
            "/etc/ssl/events.example.org.key": self.path("key.pem"),
        }
        self.process: subprocess.Popen[bytes] | None = None

    def path(self, name: str) -> str:
        return str(Path(self.folder.name, name))

    def __enter__(self) -> Self:
        threading.Thread(target=self.sign_in.serve_forever, daemon=True).start()
        make_certificate(self.path("certificate.pem"), self.path("key.pem"))
        Path(self.path("nginx.conf")).write_text(self.configuration())
        command = [
            find() or "nginx",
            "-p",
            self.folder.name,
            "-e",
            self.path("error.log"),
            "-c",
            self.path("nginx.conf"),
        ]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.answers)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(ENDS_WITHIN)
        self.sign_in.shutdown()
        self.sign_in.server_close()
        self.folder.cleanup()

    def configuration(self) -> str:
        (documented,) = EXAMPLE.findall(DOCUMENT.read_text())
        for place, real in self.places.items():
            assert place in documented, f"{place} is not in {DOCUMENT}"
            documented = documented.replace(place, real)
        user = "user root;\n" if os.geteuid() == 0 else ""  # its workers need access to the folder
        return AROUND.format(user=user, folder=self.folder.name, documented=documented)

    def answers(self) -> bool:
        assert self.process, "not started"
        error_log = Path(self.path("error.log"))
        assert self.process.poll() is None, f"nginx has ended:\n{error_log.read_text() if error_log.exists() else ''}"
        try:
            with self.client() as client:
                return client.get("/healthz").status_code < 500
        except httpx.TransportError:
            return False

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.path("certificate.pem"))

    def client(self, name: str = "") -> httpx.Client:
        """Return a browser, signed in at the proxy if a name is given."""
        cookies = {"_oauth2_proxy": name} if name else {}
        return httpx.Client(
            base_url=f"https://127.0.0.1:{self.port}",
            verify=self.tls(),
            headers={"Host": f"{NAME}:{self.port}"},
            cookies=cookies,
            timeout=ENDS_WITHIN,
        )


def make_certificate(certificate: str, key: str) -> None:
    """Create a self-signed certificate for the site's name and address."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={NAME}"]
    names = ["-addext", f"subjectAltName=DNS:{NAME},IP:127.0.0.1"]
    subprocess.run([*command, *names, "-out", certificate, "-keyout", key], check=True, capture_output=True)
