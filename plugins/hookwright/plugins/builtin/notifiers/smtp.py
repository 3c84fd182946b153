"""One conversation with a mail server: TLS first, then the login, then the message, all within a deadline."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

from ...errors import NotifyError

if TYPE_CHECKING:
    from email.message import EmailMessage
    from types import TracebackType

    from hookwright.rules.event import JSON

    from ...hookspecs import Network, Secrets
    from .message import Envelope

TLS_PORT = 465  # all is TLS from the first byte
_USUAL_PORT = 587
_USUAL_TIMEOUT = "20s"
_LONGEST_ANSWER = 200  # characters of what a server said, for people
_ALL_ANSWERS = 1 << 20  # bytes a server may say in one conversation


class Login:
    """A user and a password, which printing does not show."""

    __slots__ = ("password", "user")

    def __init__(self, user: str, password: str) -> None:
        if not (user + password).isascii() or not (user + password).isprintable():
            raise NotifyError("the mail login holds a character that SMTP cannot say")
        self.user = user
        self.password = password


@dataclass(frozen=True, slots=True)
class Server:
    """How to reach a mail server. `timeout` (seconds) is for all of it; `tls` says what is trusted."""

    host: str
    port: int
    starttls: bool
    timeout: float
    login: Login | None
    tls: ssl.SSLContext

    @classmethod
    def of(cls, written: Mapping[str, JSON], secrets: Secrets) -> Server:
        """The server that `smtp:` describes. Raises whatever `secrets` raises, and NotifyError."""
        return cls(
            host=str(written["host"]),
            port=int(str(written.get("port", _USUAL_PORT))),
            starttls=written.get("starttls", True) is not False,
            timeout=float(str(written.get("timeout", _USUAL_TIMEOUT)).removesuffix("s")),
            login=_login(written, secrets),
            tls=_trusting(secrets(written["ca"])) if "ca" in written else _trusting_the_usual(),
        )


def send(mail: EmailMessage, envelope: Envelope, server: Server, network: Network) -> tuple[str, ...]:
    """Hands the message over; who of the recipients was refused, when others were not.

    Raises NotifyError with what the server said, and whatever `network` raises.
    """
    until = time.monotonic() + server.timeout
    connection = network.connect(server.host, server.port, server.timeout)
    with (
        contextlib.closing(connection),
        _explained(server, until),
        _Conversation(connection, server, until) as conversation,
    ):
        conversation.secure()
        conversation.authenticate()
        refused = conversation.send_message(mail, envelope.sender_address, envelope.addresses)
    return tuple(sorted(refused))


class _Conversation(smtplib.SMTP):
    """`smtplib` over a connection that is there already, hung up at the deadline."""

    def __init__(self, connection: socket.socket, server: Server, until: float) -> None:
        self._given = connection
        self._server = server
        # TLS takes a socket over; a duplicate reaches the connection whatever became of it.
        self._line = connection.dup()
        self._clock = threading.Timer(max(until - time.monotonic(), 0), self._hang_up)
        self._clock.daemon = True
        self._clock.start()
        try:
            super().__init__(server.host, server.port, local_hostname=_own_name(), timeout=server.timeout)
        except BaseException:
            self._end()
            raise

    def secure(self) -> None:
        """TLS, unless the configuration says that there is to be none; then there is no login either."""
        if self._server.port == TLS_PORT:
            return
        if not self._server.starttls:
            if self._server.login is not None:
                raise NotifyError("a password is not sent without TLS: remove `starttls: false`")
            return
        self.ehlo_or_helo_if_needed()
        if not self.has_extn("starttls"):
            raise NotifyError(f"the mail server {self._server.host} does not offer STARTTLS")
        self.starttls(context=self._server.tls)

    def authenticate(self) -> None:
        login = self._server.login
        if login is not None:
            self.login(login.user, login.password)

    def getreply(self) -> tuple[int, bytes]:
        """The server's next answer. `smtplib` would keep lines of it as long as there are any."""
        if self.file is None and self.sock is not None:
            self.file = _Answers(self.sock)
        try:
            return super().getreply()
        except _EndlessAnswer:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The message is sent, or it is not: how the server takes leave changes nothing."""
        if error is None:
            with contextlib.suppress(OSError):
                self.quit()
        self.close()
        self._end()

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        self._given.settimeout(timeout)
        if port != TLS_PORT:
            return self._given
        return self._server.tls.wrap_socket(self._given, server_hostname=host)

    def _hang_up(self) -> None:
        with contextlib.suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def _end(self) -> None:
        self._clock.cancel()
        self._line.close()


class _Answers:
    """What a server says, line by line, up to a limit: the part of a file that `smtplib` uses."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")
        self._left = _ALL_ANSWERS

    def readline(self, most: int) -> bytes:
        line = self._file.readline(most)
        self._left -= len(line)
        if self._left < 0:
            raise _EndlessAnswer
        return line

    def close(self) -> None:
        self._file.close()


class _EndlessAnswer(ValueError):
    """The server says more than any would that takes a message."""


@contextlib.contextmanager
def _explained(server: Server, until: float) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError, NotifyError) as error:  # smtplib's own are OSErrors
        late = time.monotonic() >= until or isinstance(error, TimeoutError)
        if isinstance(error, NotifyError) and not late:
            raise
        said = f"did not answer within {server.timeout:g} s" if late else _explain(error)
        raise NotifyError(f"the mail server {server.host} {said}") from None


def _explain(error: Exception) -> str:
    match error:
        case _EndlessAnswer():
            return "does not stop answering"
        case smtplib.SMTPServerDisconnected():
            return "hung up"
        case smtplib.SMTPException():
            return _answered(error)
        case ssl.SSLCertVerificationError():
            return f"shows a certificate that is not trusted: {error.verify_message}"
        case ssl.SSLError():
            return f"speaks no TLS that can be used here ({error.reason})"
        case _:
            return f"is lost ({type(error).__name__})"


def _answered(error: smtplib.SMTPException) -> str:
    match error:
        case smtplib.SMTPAuthenticationError():  # what it says may quote the password
            return f"refused the login ({error.smtp_code})"
        case smtplib.SMTPRecipientsRefused():
            address, (code, answer) = next(iter(error.recipients.items()))
            return f"refused every recipient, {address} with {code} {_shown(answer)}"
        case smtplib.SMTPResponseException(smtp_code=-1):
            return "does not speak SMTP"
        case smtplib.SMTPResponseException():
            return f"answered {error.smtp_code} {_shown(error.smtp_error)}"
        case _:
            return "offers no way to log in"


def _shown(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= _LONGEST_ANSWER else f"{line[:_LONGEST_ANSWER]}..."


def _login(written: Mapping[str, JSON], secrets: Secrets) -> Login | None:
    if "password" not in written:
        return None
    user = written["user"]
    return Login(user if isinstance(user, str) else secrets(user), secrets(written["password"]))


@cache
def _trusting_the_usual() -> ssl.SSLContext:
    import certifi  # noqa: PLC0415  # only a worker that sends mail needs it

    return ssl.create_default_context(cafile=certifi.where())


def _trusting(authorities: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cadata=authorities)
    except (ssl.SSLError, ValueError):
        raise NotifyError("`smtp.ca` leads to no certificate (PEM)") from None


def _own_name() -> str:
    """For the greeting. Looking the machine's full name up could take as long as the rest."""
    name = socket.gethostname()
    return name if name.isascii() and name.isprintable() and name else "localhost"
