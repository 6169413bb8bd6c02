"""HTTP itself, as uvicorn reads it."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from server.http.answers import error_answer
from server.rules.errors import BadRequest


class Protocol(HttpToolsProtocol):
    """Answers what is not HTTP in the one shape of an error, too."""

    def send_400_response(self, msg: str) -> None:
        answer = error_answer(BadRequest(f"{msg} Send HTTP/1.1, with one of its methods and a target in ASCII."))
        head = [b"%s: %s\r\n" % header for header in (*answer.raw_headers, (b"connection", b"close"))]
        self.transport.write(b"".join((b"HTTP/1.1 400 Bad Request\r\n", *head, b"\r\n", answer.body)))
        self.transport.close()
