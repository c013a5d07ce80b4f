"""Other indexers, from npm: asked to keep the same rows of the same event, and timed alike.

Each has a folder here with its pinned packages and the few lines that it asks for, and is
installed outside of the repository.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL, create_engine, make_url, text
from sqlalchemy.exc import ProgrammingError

from ledger.chain.process import pick_port
from ledger.types import to_hex
from scripts.bench.mirroring.chain import Loaded
from scripts.bench.mirroring.contestants import Contestant, Fresh
from scripts.bench.mirroring.databases import POSTGRESQL, verify_rows
from scripts.bench.mirroring.npm import Installed, Unavailable, install
from scripts.bench.mirroring.running import Run, run_until

_BLOCKS: Final = "25"  # a request, as the others ask for
_EVENT: Final = (
    "Appended(bytes32 indexed subject, bytes32 indexed org, uint16 indexed kind,"
    " uint64 position, address actor, bytes payload)"
)


@dataclass(frozen=True, slots=True)
class _Rival:
    """How one is started: `settings` says its environment, `last` finds a row by :block, :log.

    `build` is a line of shell that its sources go through before it runs, which is not timed.
    """

    name: str
    entries: str
    owners: str
    last: str
    command: Sequence[str]
    settings: Callable[[Loaded, URL], dict[str, str]]
    build: str = "true"


def _set_ponder(chain: Loaded, url: URL) -> dict[str, str]:
    return {
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "DATABASE_SCHEMA": "public",
        "PONDER_TELEMETRY_DISABLED": "1",
        "PORT": str(pick_port(0)),
        **_told(chain),
    }


def _set_envio(chain: Loaded, url: URL) -> dict[str, str]:
    return {
        "ENVIO_PG_HOST": str(url.query["host"]),
        "ENVIO_PG_PORT": "5432",  # a socket's name has one too
        "ENVIO_PG_USER": url.username or "",
        "ENVIO_PG_PASSWORD": url.password or "",
        "ENVIO_PG_DATABASE": url.database or "",
        "ENVIO_HASURA": "false",
        "ENVIO_INDEXER_PORT": str(pick_port(0)),
        "TUI_OFF": "true",
        **{f"ENVIO_{name}": value for name, value in _told(chain).items()},
    }


def _told(chain: Loaded) -> dict[str, str]:
    return {
        "RPC_URL": chain.rpc_url,
        "CHAIN_ID": str(chain.chain_id),
        "CONTRACT": to_hex(chain.contract),
        "EVENT": _EVENT,
        "FIRST": str(chain.first),
        "BLOCKS": _BLOCKS,
    }


_RIVALS: Final = (
    _Rival(
        name="ponder",
        entries="entry",
        owners="owner",
        last="SELECT 1 FROM entry WHERE block_number = :block AND log_index = :log",
        command=("node_modules/.bin/ponder", "--log-level", "error", "start", "-H", "127.0.0.1"),
        settings=_set_ponder,
    ),
    _Rival(
        name="envio",
        entries='"Entry"',
        owners='"Owner"',
        last="""SELECT 1 FROM "Entry" WHERE id = :block || '-' || :log""",
        command=("node_modules/.bin/envio", "start"),
        settings=_set_envio,
        build=(
            "node_modules/.bin/envio codegen && ln -s ../generated node_modules/generated"
            " && cd generated && ../node_modules/.bin/rescript build -with-deps"
        ),
    ),
)
NAMES: Final = tuple(rival.name for rival in _RIVALS)


def install_rivals(
    only: Collection[str], chain: Loaded, fresh: Fresh, scratch: Path
) -> tuple[list[Contestant], dict[str, str]]:
    """Those that were asked for and can run here, and why the others cannot, by their names."""
    ready, skipped = [], {}
    for rival in _RIVALS:
        if rival.name in only:
            try:
                ready.append(_prepare(rival, chain, fresh, scratch))
            except Unavailable as error:
                skipped[rival.name] = str(error)
    return ready, skipped


def _prepare(rival: _Rival, chain: Loaded, fresh: Fresh, scratch: Path) -> Contestant:
    installed = install(rival.name, scratch)
    template = rival.settings(chain, make_url(fresh(POSTGRESQL)))
    installed.call("/bin/sh", "-ec", rival.build, environment=template)

    def run(chain: Loaded) -> Run:
        url = fresh(POSTGRESQL)
        run = _run(rival, installed, chain, url)
        verify_rows(url, chain.entries, rival.entries, rival.owners)
        return run

    return Contestant(rival.name, installed.version, POSTGRESQL, run)


def _run(rival: _Rival, installed: Installed, chain: Loaded, url: str) -> Run:
    """From the start of its process until the last entry can be read in its database."""
    settings = rival.settings(chain, make_url(url).set(drivername="postgresql"))
    with _looking_for(rival.last, chain, url) as is_there:
        environment = {"PATH": installed.path, **settings}
        return run_until(rival.command, installed.folder, environment, is_there)


@contextmanager
def _looking_for(last: str, chain: Loaded, url: str) -> Iterator[Callable[[], bool]]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:

        def is_there() -> bool:
            place = {"block": chain.last, "log": chain.last_log}
            try:
                return connection.execute(text(last), place).first() is not None
            except ProgrammingError:  # it has not made its tables yet
                return False

        yield is_there
    engine.dispose()
