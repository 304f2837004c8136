"""`python -m contract --port 8500`: serve until killed. Nothing is kept, unless `--data` says where."""

from __future__ import annotations

import argparse
import ssl
from pathlib import Path

import uvicorn

from .http import application
from .state import State

parser = argparse.ArgumentParser(prog="contract")
parser.add_argument("--port", type=int, required=True)
parser.add_argument("--data", type=Path, help="a file that the state survives in")
parser.add_argument("--token", help="the one token that may do anything; without, all may")
parser.add_argument(
    "--index", type=int, default=10, help="where the index of an empty state begins"
)
parser.add_argument("--cert", help="certificate and key, for TLS")
parser.add_argument("--ca", help="who signs the certificates that clients must show")
options = parser.parse_args()
uvicorn.run(
    application(State(index=options.index, data=options.data), token=options.token),
    host="127.0.0.1",
    port=options.port,
    log_level="warning",
    access_log=False,
    ssl_certfile=options.cert,
    ssl_ca_certs=options.ca,
    ssl_cert_reqs=ssl.CERT_REQUIRED if options.ca else ssl.CERT_NONE,
)
