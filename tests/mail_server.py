"""A mail server for tests: it speaks enough SMTP to be sent letters to, in a thread of its own."""

from __future__ import annotations

import socketserver
import threading
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


class MailServer:
    """Keeps what it is sent. It hangs up after each ``hangs_up_after`` letters, and takes none for ``unknown`` people.

    ``connections`` counts how often it was called.
    """

    def __init__(self, *, hangs_up_after: int = 0, unknown: str = "") -> None:
        self.hangs_up_after, self.unknown = hangs_up_after, unknown
        self.connections = 0
        self.letters: list[EmailMessage] = []
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> MailServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        server = self

        class Call(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                server.connections += 1
                server.talk(self.rfile, self.wfile)

        return Call

    def talk(self, heard: Any, say: Any) -> None:
        say.write(b"220 mail.example.com\r\n")
        taken = 0
        for line in heard:
            command = line.strip().upper()
            if command == b"DATA":
                say.write(b"354 Go on\r\n")
                self._take(heard)
                taken += 1
                say.write(b"250 Taken\r\n")
            elif command.startswith(b"RCPT") and self.unknown and self.unknown.encode() in line:
                say.write(b"550 Nobody of that name\r\n")
            elif command == b"QUIT":
                say.write(b"221 Bye\r\n")
                return
            else:
                say.write(b"250 Well\r\n")
            if taken and taken == self.hangs_up_after:
                return

    def _take(self, heard: Any) -> None:
        lines = []
        while (line := heard.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        letter = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
