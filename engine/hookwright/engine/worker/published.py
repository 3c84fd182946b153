"""A published revision as a worker sees it: each endpoint's target, and how its calls are prepared."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from hookwright.plugins.hookspecs import Network
from hookwright.plugins.registry import Plugins
from hookwright.plugins.secrets import SecretStore
from hookwright.rules.hours import is_open, next_opening, opening_text
from hookwright.rules.model import Action, SecretReference, Subscriber, Target
from hookwright.rules.source import from_json
from hookwright.rules.table import RoutingTable

from ..call.filled import FilledPreparer
from ..call.guard import Policy
from ..call.prepare import Prepared, Preparer, Refusal
from ..call.resolve import Resolver
from ..call.tokens import Fetching, Tokens
from ..delivery import Delivery
from ..lapp.order import Limits
from ..ledger.work import Claim
from ..revisions import table_of
from .flight import Load
from .lapp import LappPreparer, LappRun
from .network import GuardedNetwork
from .notifier import TARGET as NOTICES
from .notifier import LiveNotifier


class Published:
    """One revision. `revision` is the name it was published under. Used by one thread at a time."""

    def __init__(
        self,
        revision: str,
        table: RoutingTable,
        plugins: Plugins,
        network: Network,
        tokens: Tokens | None = None,
        limits: Limits = Limits(),  # noqa: B008  # frozen
    ) -> None:
        """`network` is what notifiers connect through, `limits` what Lapps may use; without `tokens` calls
        carry none.
        """
        self.revision = revision
        self._table = table
        self._plugins = plugins
        self._network = network
        self._tokens = tokens
        self._secrets = plugins.secret_store()
        self._preparers: dict[str, Preparer | FilledPreparer | LappPreparer] = {}
        self._limits = limits
        self._tellers: dict[str, LiveNotifier] = {}
        self._asked: Delivery | None = None  # the last delivery that something was asked about,
        self._name = ""  # its endpoint,
        self._found: tuple[Subscriber, Action] | None = None  # and what that stands for

    def target(self, delivery: Delivery) -> Target | None:
        """Where and how to call; None when this revision has no such endpoint. A test is tried once."""
        found = self._find(delivery)
        if found is None:
            return None
        if delivery.notifier:
            return NOTICES
        target = found[1].target
        return replace(target, retry=replace(target.retry, waits=())) if delivery.test else target

    def prepare(self, claim: Claim, now: float) -> Prepared | LappRun | Fetching | Refusal:
        """The call of a claim whose endpoint exists, at `now` (Unix seconds); or a token is on its way."""
        found = self._find(claim.delivery)
        preparer = self._preparers.get(self._name)
        if preparer is None:
            assert found is not None, "asked for by `target` first"
            preparer = self._preparers[self._name] = self._preparer(*found)
        return preparer.prepare(claim.delivery, claim.body, claim.attempt, now)

    def closed(self, delivery: Delivery, now: int) -> tuple[int, str] | None:
        """When calls go out again (Unix ms) and why not at `now`; None while they do. Tests always do."""
        found = None if delivery.test else self._find(delivery)
        schedule = None if found is None else found[0].hold_outside
        if schedule is None or is_open(schedule, now):
            return None
        opens = next_opening(schedule, now)
        return opens, f"outside the schedule {schedule.id}, which opens on {opening_text(schedule, opens)}"

    def notify(self, delivery: Delivery) -> tuple[str, ...]:
        """The ids of the notifiers to be told if this delivery fails; none for tests and for notices.

        A notice belongs to no endpoint, so none is found for it.
        """
        found = None if delivery.test else self._find(delivery)
        return () if found is None else found[0].notify

    def teller(self, delivery: Delivery) -> LiveNotifier | None:
        """Who tells a notice; None when this revision has no such notifier."""
        settings = self._table.notifier(delivery.notifier)
        if settings is None:
            return None
        teller = self._tellers.get(settings.id)
        if teller is None:
            plugin = self._plugins.notifiers.get(settings.type)
            teller = LiveNotifier(settings, plugin, self._secrets, self._network)
            self._tellers[settings.id] = teller
        return teller

    def _find(self, delivery: Delivery) -> tuple[Subscriber, Action] | None:
        """What a delivery goes to. Several things are asked of each in a row: the last is kept."""
        if delivery is not self._asked:
            self._asked, self._name = delivery, delivery.endpoint
            self._found = self._table.endpoint(self._name)
        return self._found

    def _preparer(self, subscriber: Subscriber, action: Action) -> Preparer | FilledPreparer | LappPreparer:
        if action.lapp is not None:
            lapp = self._plugins.lapps.get(action.lapp.name)
            return LappPreparer(action.lapp, lapp, self._secrets, self._limits, action.target.timeout)
        auth = action.target.auth
        signing = action.target.signing
        injector = None if auth is None else self._plugins.injectors.get(auth.type)
        signer = None if signing is None else self._plugins.signers.get(signing.type)
        resolve = partial(_resolve, self._secrets)

        def make(action: Action, shown: Target | None = None) -> Preparer:
            return Preparer(
                subscriber,
                action,
                injector=injector,
                signer=signer,
                resolve=resolve,
                tokens=self._tokens,
                shown=shown,
            )

        return FilledPreparer(action, make) if action.target.slots else make(action)


def loader(
    plugins: Plugins,
    network: Network | None = None,
    tokens: Tokens | None = None,
    limits: Limits = Limits(),  # noqa: B008  # frozen
) -> Load:
    """Builds a `Published` of what the ledger holds. It raises ValueError for content it cannot read.

    Without a `network` notifiers connect to public addresses only.
    """
    guarded = network or GuardedNetwork(Resolver(Policy()), Policy())

    def load(revision: str, content: bytes) -> Published:
        try:
            table = table_of(from_json(content))
        except (LookupError, TypeError, AttributeError) as error:  # written by a version that knows more
            raise ValueError(f"not a configuration this version understands: {error!r}") from error
        return Published(revision, table, plugins, guarded, tokens, limits)

    return load


def _resolve(store: SecretStore, reference: SecretReference) -> str:
    return store.get(reference.source, reference.name)
