"""Any ASGI 3 application gets plugins: here one without a framework.

Run it:
    python examples/wrap_any_app.py

Prints:
    200 hello from nobody's framework
    403 not before noon
    management: {'status': 'pass'}
"""

from __future__ import annotations

from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient

from marty_chassis import Chassis
from marty_chassis.plugins import IMiddlewarePlugin, plugin
from marty_hookspecs import CallNext, Request, Response
from marty_hookspecs.web import Receive, Scope, Send


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello from nobody's framework"})


@plugin(name="doorman", version="1.0.0")
class Doorman(IMiddlewarePlugin):
    async def process_request(self, request: Request, call_next: CallNext) -> Response:
        if request.url.path == "/closed":
            return PlainTextResponse("not before noon", status_code=403)
        return await call_next(request)


# Management is below /-/marty; nothing else of the application's paths is touched.
app = Chassis(plugins=[Doorman()]).wrap(application)

if __name__ == "__main__":
    with TestClient(app) as client:
        for path in ("/", "/closed"):
            answer = client.get(path)
            print(answer.status_code, answer.text)
        print("management:", client.get("/-/marty/health/ready").json())
