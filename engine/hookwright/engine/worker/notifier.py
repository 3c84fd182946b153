"""One notifier of a bundle at work: built of its settings, asked to tell a notice, its request made ours."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from hookwright.plugins.errors import BadReference, InvalidHeader, MissingSecret, NotifyError
from hookwright.plugins.hookspecs import Network, Notifier, Notify, Secrets
from hookwright.rules.event import JSON
from hookwright.rules.model import NotifierSettings, RetryPolicy, Target

from ..call.mask import Mask
from ..call.prepare import SECRETS_KEPT, Refusal
from ..call.target import Blocked
from ..history.notice import read_notice
from ..ledger.work import Claim
from .network import NotConnected
from .notice_request import RefusedRequest, notice_request, revealing
from .notifying import Outcome, Told

# How a notice is sent, whoever tells it: three tries, and any 2xx is success.
TARGET = Target(url="", success=frozenset(range(200, 300)), retry=RetryPolicy((10_000, 60_000)))


@dataclass(frozen=True, slots=True)
class _Built:
    notify: Notify
    made: float


class LiveNotifier:
    """A notifier under one revision, for any thread. `plugin` is None when none of its type is loaded here.

    It is built when first needed, and anew every `SECRETS_KEPT` seconds, so that a changed secret is seen.
    """

    def __init__(
        self, settings: NotifierSettings, plugin: Notifier | None, secrets: Secrets, network: Network
    ) -> None:
        self.id = settings.id
        self._settings = settings
        self._plugin = plugin
        self._secrets = secrets
        self._network = network
        self._lock = threading.Lock()
        self._built: _Built | None = None
        self._mask = Mask()  # knows every value ever resolved: an old secret may still be echoed

    def tell(self, claim: Claim, now: float) -> Outcome:
        """Tell the notice of a claim at `now` (Unix seconds), or make the request that does. Never raises."""
        try:
            notify = self._notify(now)
            if isinstance(notify, Refusal):
                return notify
            request = notify(read_notice(claim.body))
            if request is None:
                return Told()
            return notice_request(request, claim.delivery, int(now), TARGET.timeout / 1000, self._mask)
        except Exception as error:  # noqa: BLE001  # plugins may raise anything
            return self._refusal(error)

    def _notify(self, now: float) -> Notify | Refusal:
        built = self._built
        if built is None or not built.made <= now < built.made + SECRETS_KEPT:
            self._built = None  # should the next line fail, no notice may go out with old secrets
            if self._plugin is None:
                reason = f"no plugin for notifiers of type {self._settings.type!r} is loaded"
                return Refusal("held", "not_ready", reason)
            try:
                notify = self._plugin.build(self._settings.config, self._resolve, self._network)
            except (MissingSecret, BadReference, InvalidHeader):
                raise
            except ValueError as error:
                return Refusal("failure", self._name, f"cannot be built ({type(error).__name__})")
            self._built = built = _Built(notify, now)
        return built.notify

    def _resolve(self, reference: JSON) -> str:
        """Looks a secret up for the plugin; from here on it is masked wherever it shows."""
        value = self._secrets(reference)
        with self._lock:
            self._mask = self._mask.with_values(revealing(value))
        return value

    def _refusal(self, error: Exception) -> Refusal:
        """What an error says. Only our own errors' texts are known to hold no secret."""
        text = self._mask(str(error))
        match error:
            case MissingSecret() | BadReference():
                refusal = Refusal("held", "not_ready", text)
            case Blocked():
                refusal = Refusal("failure", "blocked_target", text)
            case InvalidHeader():
                refusal = Refusal("failure", "invalid_header", text)
            case RefusedRequest():
                refusal = Refusal("failure", self._name, f"the notifier {text}")
            case NotConnected():
                refusal = Refusal("retry", error.error, text)
            case NotifyError():
                refusal = Refusal("retry", self._name, text)
            case _:
                refusal = Refusal("retry", self._name, f"the notifier failed ({_kind(error)})")
        return refusal

    @property
    def _name(self) -> str:
        return f"plugin:{self._settings.type}"


def _kind(error: Exception) -> str:
    """The error's type and, of a mail server's answer, its code; never its text."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if isinstance(code, int) else type(error).__name__
