"""Plugin-enabled services: the two awaited doors, the sample configuration, the folder tree."""

from __future__ import annotations

import base64
import hmac
import json
import re
import time
from collections.abc import Mapping

from fastapi import Request

from .printed import TEXT, block, run_once

CONFIG = block("Plugin Configuration", "yaml")
TREE = block("1. Directory-based Discovery", "")
THREE = ("jwt-authentication", "request-tracing", "custom-metrics")


def test_basic_usage_gives_a_fastapi_application_that_a_server_serves(write, serving) -> None:
    from fastapi import FastAPI

    write("plugins/one.py", block("1. Base Plugin (IPlugin)"))
    write("custom_plugins/two.py", block("5. Health Plugin (IHealthPlugin)"))

    app = run_once(block("Basic Usage"))["app"]
    client = serving(app)

    assert isinstance(app, FastAPI)
    assert app.title == "my-service"
    names = [p["name"] for p in client.get("/plugins/status").json()["plugins"]]
    assert sorted(names) == ["database-health", "my-plugin"]


def test_advanced_usage_reads_the_sample_configuration(write, serving) -> None:
    write("config.yaml", CONFIG)
    write("plugins/one.py", block("1. Base Plugin (IPlugin)"))
    write("custom_plugins/two.py", block("5. Health Plugin (IHealthPlugin)"))

    made = run_once(block("Advanced Usage"))
    client = serving(made["app"])

    status = {p["name"]: p for p in client.get("/plugins/status").json()["plugins"]}
    assert status["my-plugin"]["state"] == "started"
    assert status["database-health"]["state"] == "started"
    assert made["plugin_manager"] is made["factory"].get_plugin_manager()
    assert made["app"].state.chassis.plugins.get("my-plugin").plugin_metadata.version == "1.0.0"


def test_in_development_the_sample_configuration_starts_its_three_plugins(
    write, serving, monkeypatch
) -> None:
    monkeypatch.setenv("MARTY_SERVICE__ENVIRONMENT", "development")
    write("config.yaml", CONFIG)
    write("plugins/one.py", block("1. Base Plugin (IPlugin)"))

    app = run_once(block("Advanced Usage"))["app"]

    @app.get("/orders")
    async def orders(request: Request) -> str:
        return str(request.user.subject)

    client = serving(app)
    refused = client.get("/orders")
    token = signed({"sub": "ada", "iat": time.time(), "exp": time.time() + 60}, "your-secret-key")
    answered = client.get("/orders", headers={"authorization": f"Bearer {token}"})

    states = {p["name"]: p["state"] for p in client.get("/plugins/status").json()["plugins"]}
    assert [states[name] for name in THREE] == ["started", "started", "started"]
    assert (refused.status_code, answered.status_code, answered.json()) == (401, 200, "ada")
    assert "x-correlation-id" in answered.headers
    assert "x-processing-time" in answered.headers


def test_elsewhere_its_short_secret_lets_nobody_in_and_the_status_says_what_to_do(
    write, serving
) -> None:
    write("config.yaml", CONFIG)
    write("plugins/one.py", block("1. Base Plugin (IPlugin)"))

    app = run_once(block("Advanced Usage"))["app"]

    @app.get("/orders")
    async def orders() -> list[str]:
        return []

    client = serving(app)

    assert client.get("/orders").status_code == 503
    assert client.get("/health/ready").status_code == 503
    told = {p["name"]: p for p in client.get("/plugins/status").json()["plugins"]}
    assert told["jwt-authentication"]["state"] == "error"
    assert "config.yaml:9:17" in told["jwt-authentication"]["reason"]
    assert "secrets.token_urlsafe(48)" in told["jwt-authentication"]["reason"]
    assert "your-secret-key" not in str(told)


def test_the_sample_configuration_is_read_as_printed(write) -> None:
    from marty_chassis import ChassisConfig

    path = write("config.yaml", CONFIG)

    config = ChassisConfig.from_file("config.yaml")

    assert [d.name for d in config.plugin_directories()] == ["plugins", "custom_plugins"]
    assert all(d.parent == path.parent for d in config.plugin_directories())
    assert config.raw_section("jwt-authentication")["token_expiry"] == 3600
    assert config.raw_section("request-tracing")["timing_header"] == "X-Processing-Time"
    assert config.raw_section("custom-metrics")["export_format"] == "prometheus"
    assert "your-secret-key" not in repr(config)


def test_the_folder_tree_is_discovered(write, serving) -> None:
    from marty_chassis import create_app

    names = re.findall(r"[\w]+\.py", TREE)
    assert names == [
        "authentication_plugin.py",
        "metrics_plugin.py",
        "__init__.py",
        "middleware.py",
    ]
    source = "from marty_chassis.plugins import IPlugin, IMiddlewarePlugin, plugin\n"

    def plugin(name: str, kind: str = "IPlugin") -> str:
        return f"{source}\n@plugin(name={name!r}, version='1.0.0')\nclass P({kind}):\n    pass\n"

    write("plugins/authentication_plugin.py", plugin("authentication"))
    write("plugins/metrics_plugin.py", plugin("figures"))
    write("plugins/custom_middleware/__init__.py", "")
    write("plugins/custom_middleware/middleware.py", plugin("custom", "IMiddlewarePlugin"))

    client = serving(create_app(plugin_directories=["plugins"]))

    status = {p["name"]: p["state"] for p in client.get("/plugins/status").json()["plugins"]}
    assert status == {"authentication": "started", "figures": "started", "custom": "started"}


def test_every_http_call_of_the_specification_answers(write, serving) -> None:
    from marty_chassis import create_app

    write("plugins/one.py", block("5. Health Plugin (IHealthPlugin)"))
    client = serving(create_app(plugin_directories=["plugins"]))
    calls = re.findall(r"```http\n(\w+) (\S+)\n```", TEXT)

    answers = {
        f"{method} {path}": client.request(
            method, path.replace("{plugin_name}", "database-health")
        ).status_code
        for method, path in calls
    }

    assert answers == {
        "GET /plugins/status": 200,
        "GET /plugins/{plugin_name}/health": 200,
        "GET /plugins/metrics": 200,
        "POST /plugins/{plugin_name}/reload": 200,
        "GET /extension-points": 200,
    }


def test_every_endpoint_wants_the_token(write, serving) -> None:
    from marty_chassis import create_app

    client = serving(create_app())

    answer = client.get("/plugins/status", headers={"Authorization": ""})

    assert answer.status_code == 401


def signed(claims: Mapping[str, object], secret: str) -> str:
    """A token, by RFC 7515 alone: libraries object to so short a secret."""

    def part(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")

    header, body = (part(json.dumps(one).encode()) for one in ({"alg": "HS256"}, claims))
    signature = hmac.digest(secret.encode(), f"{header}.{body}".encode(), "sha256")
    return f"{header}.{body}.{part(signature)}"
