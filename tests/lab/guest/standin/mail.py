"""Stalwart's stand-in: greets on every mail port and refuses (and logs) every login."""

import socketserver
import threading
import time
from pathlib import Path

SMTP, IMAP, POP3 = "220 mail.acme.test stand-in ESMTP", "* OK stand-in IMAP4rev2", "+OK stand-in POP3"
SIEVE = '"IMPLEMENTATION" "stand-in ManageSieve"\r\nOK'
# Port -> Stalwart's name of the listener, greeting.
PORTS = {
    25: ("smtp", SMTP),
    465: ("submissions", SMTP),
    587: ("submission", SMTP),
    993: ("imaptls", IMAP),
    143: ("imap", IMAP),
    995: ("pop3s", POP3),
    110: ("pop3", POP3),
    4190: ("sieve", SIEVE),
}
LOG = Path("/opt/gbo/logs/email.log")
# Protocol -> answers to a login, to a farewell, to anything else; IMAP repeats the client's tag.
REPLIES = {
    SMTP: ("535 5.7.8 refused (stand-in)", "221 bye", "250 stand-in"),
    IMAP: ("{tag} NO refused (stand-in)", "{tag} OK bye", "{tag} OK"),
    POP3: ("-ERR refused (stand-in)", "+OK bye", "+OK"),
    SIEVE: ("NO refused (stand-in)", "OK bye", "OK"),
}


class Mail(socketserver.StreamRequestHandler):
    """Enough of each protocol for a port probe, a greeting check and a failed login."""

    timeout = 30
    port: int

    def handle(self) -> None:
        try:
            self._say(PORTS[self.port][1])
            for _ in range(20):
                line = self.rfile.readline(1024).decode("latin-1").strip()
                if not line or not self._reply(line):
                    return
        except OSError:
            return

    def _say(self, text: str) -> None:
        self.wfile.write(text.encode() + b"\r\n")

    def _reply(self, line: str) -> bool:
        """Answer one command; False ends the conversation."""
        words = line.upper().split()[:2]
        login, farewell, other = REPLIES[PORTS[self.port][1]]
        if any(word in ("AUTH", "LOGIN", "PASS", "AUTHENTICATE") for word in words):
            self._log_failure()
            answer = login
        else:
            answer = farewell if any(word in ("QUIT", "LOGOUT") for word in words) else other
        self._say(answer.format(tag=line.split(maxsplit=1)[0]))
        return answer != farewell

    def _log_failure(self) -> None:
        """The line fail2ban's mail jail looks for, in Stalwart's words."""
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        fields = f'listenerId = "{PORTS[self.port][0]}", localPort = {self.port}'
        with LOG.open("a", encoding="utf-8") as file:
            file.write(
                f"{stamp} INFO Authentication failed (auth.failed) {fields}, "
                f"remoteIp = {self.client_address[0]}\n"
            )


def serve() -> None:
    """Every port of Stalwart, each greeting in its own protocol."""
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    for port in PORTS:
        handler = type("Bound", (Mail,), {"port": port})
        server = socketserver.ThreadingTCPServer(("0.0.0.0", port), handler)
        threading.Thread(target=server.serve_forever, args=(60,), daemon=True).start()
    threading.Event().wait()
