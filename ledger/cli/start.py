"""What `up` does until the ledger is ready: a walk of steps, each named if it fails."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ledger.cli.folder import Kept, save_kept
from ledger.cli.keystore import provide_funds
from ledger.cli.organisations import Keyring, enrol_alone, load_demo
from ledger.cli.ports import HOST, choose_port, port_of
from ledger.cli.processes import Supervisor, VerbProcess, tail
from ledger.cli.signers import open_accounts, open_signers
from ledger.errors import Conflict, LedgerError, ToolError, WrongChain
from ledger.types import Address, to_hex

if TYPE_CHECKING:
    from ledger.cli.chain import ChainProcess
    from ledger.deployment.manifest import Manifest

PLAN: Final = Path(__file__).resolve().parents[2] / "scripts" / "plans" / "local.toml"
_API_PORT: Final = 8000
_NODE_PORT: Final = 8545
_PATIENCE: Final = 60.0
_LOOK_EVERY: Final = 0.05

Tell = Callable[[str], None]


class StepFailed(ToolError):
    """A step of the start failed; `step` names it."""

    code = "step_failed"


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for on the command line."""

    data: Path
    port: int | None
    demo: bool
    rpc_url: str | None
    database_url: str | None


@dataclass(frozen=True, slots=True)
class Running:
    """A ledger that is ready."""

    data: Path
    kept: Kept
    manifest: Manifest

    def told(self) -> dict[str, Any]:
        """What `up --json` prints."""
        return {
            "api": self.kept.api,
            "explorer": f"{self.kept.api}/",
            "rpc_url": self.kept.rpc_url,
            "chain_id": self.manifest.chain_id,
            "contract": to_hex(self.manifest.contracts["AssetLedger"].address),
            "manifest": str(self.data / "manifest.json"),
            "database_url": self.kept.database_url,
            "data": str(self.data),
            "organisations": self.kept.organisations,
            "operator_key": self.kept.operator_key,
        }


@dataclass(slots=True)
class Start:
    """One start: what is asked for, what was kept, and who keeps the processes running."""

    wish: Wish
    kept: Kept
    supervisor: Supervisor
    tell: Tell
    _chain: ChainProcess | None = None

    def run(self) -> Running:
        """Walk the steps. Raises StepFailed."""
        with step("chain"):
            self._choose_chain()
        with step("keys"):
            accounts = self._open_accounts()
        with step("contracts"):
            manifest = self._deploy(accounts)
        with step("services"):
            self._start_services()
        with step("database"):  # while they start
            self._prepare_database()
        with step("API"):
            self._await_api(manifest)
        with step("organisations"):
            self._fill()
        with step("mirror"):
            self._await_mirror()
        running = Running(self.wish.data, self.kept, manifest)
        save_kept(self.wish.data, self.kept, running.told())
        return running

    # -- steps -----------------------------------------------------------------------------

    def _choose_chain(self) -> None:
        """Our own chain on the port it had, or the one that was named, now or at first."""
        if self.wish.rpc_url or not self.kept.embedded:
            self._join_chain(self.wish.rpc_url or self.kept.rpc_url)
            return
        from ledger.cli.chain import ChainProcess

        port = port_of(self.kept.rpc_url) or _NODE_PORT
        self._chain = ChainProcess(self.wish.data, port, self.tell)
        self.supervisor.start(self._chain)
        self.kept.rpc_url = self._chain.url

    def _join_chain(self, url: str) -> None:
        from ledger.chain.rpc import RpcClient

        if self.kept.rpc_url and self.kept.embedded:
            raise WrongChain(
                f"{self.wish.data} holds a chain of its own; choose another --data, or --fresh"
            )
        with RpcClient(url, patience=0) as rpc:
            rpc.chain_id()
        self.kept.rpc_url, self.kept.embedded = url, False

    def _open_accounts(self) -> dict[str, Address]:
        """The account of every role, made where it is not there, and able to pay."""
        from ledger.documents.opening import open_stores
        from ledger.settings import Settings

        open_stores(self.wish.data, Settings().document_key).vault.prepare()
        accounts = open_accounts(self.wish.data / "keys")
        provide_funds(self.kept.rpc_url, accounts)
        return accounts

    def _deploy(self, accounts: dict[str, Address]) -> Manifest:
        """Bring the chain to what the plan says; tokens' metadata is where the API will be."""
        from ledger.chain.rpc import RpcClient
        from ledger.deployment.apply import apply, open_deployment
        from ledger.deployment.plan import load_plan

        self._choose_api()
        plan = load_plan(PLAN, {"base_uri": f"{self.kept.api}/v1/assets/"})
        path = self.wish.data / "manifest.json"
        with RpcClient(self.kept.rpc_url) as rpc:
            there = open_deployment(rpc, plan, accounts, path)
            if there.manifest is not None and not there.outstanding():
                return there.manifest
            signers = open_signers(self.wish.data / "keys", plan.keys)
            manifest = apply(rpc, plan, signers, path, tell=self.tell)
        if self._chain is not None:
            self._chain.keep_now()
        return manifest

    def _choose_api(self) -> None:
        wished = self.wish.port or port_of(self.kept.api) or _API_PORT
        port = choose_port(wished)
        if port != wished:
            self.tell(f"port {wished} is taken: the API listens on {port}")
        self.kept.api = f"http://{HOST}:{port}"

    def _prepare_database(self) -> None:
        from ledger.database.engine import open_engine, upgrade

        engine = open_engine(self.kept.database_url)
        try:
            upgrade(engine)
        finally:
            engine.dispose()
        self._keyring().operator()

    def _choose_database(self) -> None:
        wished, known = self.wish.database_url, self.kept.database_url
        if wished and known and wished != known:
            raise Conflict(
                f"{self.wish.data} belongs to another database; choose another --data, or --fresh"
            )
        beside = f"sqlite:///{self.wish.data / 'ledger.db'}"
        self.kept.database_url = wished or known or beside

    def _start_services(self) -> None:
        """The API first: it takes longest to answer."""
        self._choose_database()
        save_kept(self.wish.data, self.kept)
        env = self._environment()
        for name, arguments in (
            ("serve", ["serve"]),
            ("index", ["index", "--follow"]),
            ("submit", ["submit"]),
        ):
            log = self.wish.data / "log" / f"{name}.log"
            self.supervisor.start(VerbProcess(name, arguments, env, log))

    def _await_api(self, manifest: Manifest) -> None:
        """Wait until the API of this very ledger answers; another's may have taken the port.

        It may be unready, for a lane that waits for a person, who then needs it.
        """
        import httpx

        contract = to_hex(manifest.contracts["AssetLedger"].address)
        until = time.monotonic() + _PATIENCE
        told = "it does not answer"
        with httpx.Client(base_url=self.kept.api, timeout=5, trust_env=False) as http:
            while time.monotonic() < until and self.supervisor.failure is None:
                try:
                    answer = http.get("/v1/status")
                    if answer.is_success and contract in answer.text:
                        return
                    told = answer.text if answer.is_error else "another ledger answers on its port"
                except httpx.TransportError as error:
                    told = str(error)
                time.sleep(_LOOK_EVERY)
        log = self.wish.data / "log" / "serve.log"
        raise ToolError(f"the API is not ready: {told}; its log is {log}{tail(log)}")

    def _fill(self) -> None:
        keyring = self._keyring()
        if not self.wish.demo:
            enrol_alone(keyring)
        elif not self.kept.demo:
            load_demo(keyring, _Counting(self.tell))

    def _await_mirror(self) -> None:
        from ledger.client import Client

        with Client(self.kept.api) as client:
            until = time.monotonic() + _PATIENCE
            while True:
                status = client.status()
                waiting = status.operations.get("queued", 0) + status.operations.get("sent", 0)
                if not waiting and not status.lag:
                    return
                if time.monotonic() > until:
                    raise ToolError(f"{waiting} operations wait, the mirror lags {status.lag}")
                time.sleep(_LOOK_EVERY)

    # -- how -------------------------------------------------------------------------------

    def _keyring(self) -> Keyring:
        return Keyring(self.wish.data, self.kept, self.kept.database_url)

    def _environment(self) -> Mapping[str, str]:
        settings = {
            "DATA": str(self.wish.data),
            "RPC_URL": self.kept.rpc_url,
            "DATABASE_URL": self.kept.database_url,
            "MANIFEST": str(self.wish.data / "manifest.json"),
            "FINALITY": "dump" if self.kept.embedded else "tag",
            "HOST": HOST,
            "PORT": str(port_of(self.kept.api)),
            "PUBLIC_URL": self.kept.api,
            "EXPLORER_DOCUMENTS": os.environ.get("ASSET_LEDGER_EXPLORER_DOCUMENTS", "true"),
        }
        return {f"ASSET_LEDGER_{name}": value for name, value in settings.items()}


@dataclass(slots=True)
class _Counting:
    """Tells how far the demo is, at most once in two seconds."""

    tell: Tell
    next: float = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self.next or done == total:
            self.next = now + 2
            self.tell(f"demo: {done} of {total} {what}")


@contextmanager
def step(name: str) -> Iterator[None]:
    """Name the step in whatever goes wrong on purpose, and in what the machine refuses."""
    try:
        yield
    except (LedgerError, OSError) as error:
        advice = getattr(error, "advice", None)
        more = f" ({advice})" if advice else ""
        raise StepFailed(f'the step "{name}" failed: {error}{more}', step=name) from error
