"""Stands in front of every stream, and stamps each event on its way out."""

from __future__ import annotations

from marty_chassis.plugins import IPlugin, hookimpl, plugin
from marty_hookspecs.web import ASGIApp, Message, Receive, Scope, Send

RULE = 1


@plugin(name="stamp", version="1.0.0", description="Stamps events")
class Stamp(IPlugin):
    @hookimpl
    def web_wrap(self, app: ASGIApp) -> ASGIApp:
        async def stamping(scope: Scope, receive: Receive, send: Send) -> None:
            async def stamped(message: Message) -> None:
                if message.get("body", b"").endswith(b"\n\n"):
                    body = message["body"][:-1] + f": rule {RULE}\n\n".encode()
                    message = {**message, "body": body}
                await send(message)

            await app(scope, receive, stamped)

        return stamping
