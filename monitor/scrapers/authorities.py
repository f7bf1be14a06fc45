"""A home for a browser that trusts a private certificate authority: a folder with the database that Chromium reads.

The browser checks certificates as ever; it knows one authority more. The database is one of NSS, made by its
`certutil`.
"""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from monitor.errors import ConfigError


def require() -> str:
    """Where certutil is. Raises ConfigError with what to install."""
    found = shutil.which("certutil")
    if found is None:
        raise ConfigError("render = true beside [http] ca_file needs certutil: apt-get install libnss3-tools")
    return found


def home_of(ca_file: Path) -> TemporaryDirectory[str]:
    """A folder in which the authorities of a PEM file are trusted. Raises ConfigError."""
    certutil = require()
    home = TemporaryDirectory(prefix="brand-monitor-")
    place = Path(home.name, ".pki", "nssdb")
    place.mkdir(parents=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca_file)
    _run(certutil, "-N", "--empty-password", place=place)
    for number, certificate in enumerate(context.get_ca_certs(binary_form=True)):
        _run(certutil, "-A", "-n", f"authority {number}", "-t", "C,,", place=place, given=certificate)
    return home


def _run(certutil: str, *arguments: str, place: Path, given: bytes = b"") -> None:
    command = [certutil, "-d", f"sql:{place}", *arguments]
    done = subprocess.run(command, input=given, capture_output=True, check=False)  # noqa: S603  # all of it ours
    if done.returncode:
        reason = done.stderr.decode("utf-8", "replace").strip()
        raise ConfigError(f"certutil cannot make Chromium know [http] ca_file: {reason}")
