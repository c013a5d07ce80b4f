"""SQLite: the rows in which mirror and shadow differ, so that only these need to be exchanged.

They are looked for while others read and write, table by table; what the shadow takes in from then
on is noted by triggers. A row that is neither was the same in both, and whatever the mirror has
taken in since then, the shadow has or will have taken in as well.
"""

from __future__ import annotations

from sqlalchemy import Connection, Table

from ledger.database.engine import open_engine
from ledger.mirror.reindexing.shadow import Shadow
from ledger.mirror.tables import TABLES


def find_differences(shadow: Shadow) -> None:
    """Note in the shadow which rows differ by now, and have it note what changes in it later."""
    with shadow.opened() as engine, engine.begin() as connection:
        for table in TABLES.values():
            _note_changes(connection, table)
    # Of its own: what begins to write where a database is attached locks that as well.
    live = open_engine(shadow.live.url.render_as_string(hide_password=False))
    try:
        with live.connect() as connection:
            attach(connection, shadow)
            for table in TABLES.values():
                # One by one, so that the log need not keep long what is older.
                connection.commit()
                _compare(connection, table)
            connection.commit()
    finally:
        live.dispose()


def attach(connection: Connection, shadow: Shadow) -> None:
    """Have the shadow beside the mirror; the connection is good for nothing else from then on."""
    connection.exec_driver_sql("attach database ? as shadow", (shadow.place,))


def exchange_rows(connection: Connection, table: Table) -> None:
    """Replace the rows that were noted by the shadow's."""
    name = table.name
    columns = ", ".join([f'"{column.name}"' for column in table.columns])
    run = connection.exec_driver_sql
    run(
        f'delete from main."{name}" where rowid in (select kept.rowid'  # noqa: S608
        f' from shadow."differing_{name}" as noted cross join main."{name}" as kept'
        f" where {_matching(table, 'kept', 'noted')})"
    )
    made = ", ".join([f'made."{column.name}"' for column in table.columns])
    run(
        f'insert into main."{name}" ({columns}) select {made}'  # noqa: S608
        f' from shadow."differing_{name}" as noted cross join shadow."{name}" as made'
        f" where {_matching(table, 'made', 'noted')}"
    )


def _note_changes(connection: Connection, table: Table) -> None:
    name, keys = table.name, _keys(table)
    run = connection.exec_driver_sql
    run(
        f'create table if not exists "differing_{name}"'
        f" ({', '.join(keys)}, primary key ({', '.join(keys)})) without rowid"
    )
    for change, rows in {"insert": ["new"], "update": ["old", "new"], "delete": ["old"]}.items():
        noted = ", ".join([f"({', '.join([f'{row}.{key}' for key in keys])})" for row in rows])
        run(
            f'create trigger if not exists "differing_{name}_{change}" after {change} on "{name}"'  # noqa: S608
            f' begin insert or ignore into "differing_{name}" values {noted}; end'
        )


def _compare(connection: Connection, table: Table) -> None:
    name, keys = table.name, _keys(table)
    others = [f'"{column.name}"' for column in table.columns if not column.primary_key]
    same = " and ".join([f"kept.{one} is made.{one}" for one in others]) or "true"
    matching = _matching(table, "kept", "made")
    into = f'insert or ignore into shadow."differing_{name}" select'
    connection.exec_driver_sql(
        f'{into} {_of("made", keys)} from shadow."{name}" as made'
        f' left join main."{name}" as kept on {matching}'
        f" where kept.{keys[0]} is null or not ({same})"
    )
    connection.exec_driver_sql(
        f'{into} {_of("kept", keys)} from main."{name}" as kept'
        f' left join shadow."{name}" as made on {matching} where made.{keys[0]} is null'
    )


def _keys(table: Table) -> list[str]:
    return [f'"{column.name}"' for column in table.primary_key]


def _of(row: str, columns: list[str]) -> str:
    return ", ".join([f"{row}.{column}" for column in columns])


def _matching(table: Table, one: str, other: str) -> str:
    return " and ".join([f"{one}.{key} = {other}.{key}" for key in _keys(table)])
