"""The baseline of the server: one Starlette route on uvicorn that answers with a fixed body of a model's size."""

import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

BODY = b'{"registered_model":{"name":"model-0001","padding":"' + b"x" * 900 + b'"}}'


async def answer(_request: Request) -> Response:
    return Response(BODY, media_type="application/json")


def main() -> None:
    """Serve on a free loopback port, and print the URL once it listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        app = Starlette(routes=[Route("/bare", answer)])
        config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False)
        uvicorn.Server(config).run(sockets=[listener])
    sys.exit(0)


if __name__ == "__main__":
    main()
