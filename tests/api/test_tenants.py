"""Two tenants over every route that the API describes: nothing of one reaches the other.

Routes are found in `/openapi.json`. What one tenant may read of its own things and the other may
not is found by asking as both.
"""

from __future__ import annotations

import json
import string
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest

from ledger.types import to_hex
from tests.api.routes import Ask, Walk
from tests.api.running import WAIT, Member, Running, until
from tests.api.wallets import Wallet, add_account

WORDS: Final = ("alloyseventy", "lathefour", "batchnine", "lineseven", "fieldsecret")
"""Said only in what is private to the victim: each must be seen by it, and by nobody else."""

MOVING: Final = {"as_of", "state", "updated_at", "last_used_at", "block", "transaction", "lane"}
MOVING_TOO: Final = {"nonce", "request_id", "receipt"}


@dataclass(frozen=True, slots=True)
class Victim:
    """A tenant that has something of everything, what names it, and what must stay its own."""

    member: Member
    pool: tuple[str, ...]
    secrets: frozenset[str]


@pytest.fixture(scope="module")
def attacker(service: Running) -> Member:
    member = service.enrol("Curious Ltd")
    member.register("CURIOUS-1")
    return member


@pytest.fixture(scope="module")
def victim(service: Running) -> Victim:
    member = service.enrol("Careful Works")
    http = member.http
    document = {"name": WORDS[0], WORDS[4]: "of 7075", "grade": WORDS[0]}
    asset = member.register(WORDS[1], document)
    written = member.append(asset, kind="observed", document={"note": WORDS[0]}).json()
    lines = "\n".join(
        json.dumps({"serial": f"{WORDS[3]}-{n}", "document": {"note": WORDS[0]}}) for n in (1, 2)
    )
    batch = http.post(
        "/v1/batches",
        params={"name": WORDS[2]},
        content=lines,
        headers={**WAIT, "Content-Type": "application/x-ndjson"},
    ).json()
    listed = http.get(f"/v1/assets/{asset}/documents").json()["items"]
    public = {"document": {"title": "for everybody"}}
    schema = http.post("/v1/schemas", json=public, headers=WAIT).json()["id"]
    world = http.post("/v1/worlds", json=public, headers=WAIT).json()["id"]
    says = {"kind": "credential_issued", "schema": schema, "document": {"says": WORDS[0]}}
    issued = http.post(f"/v1/organisations/{member.id}/entries", json=says, headers=WAIT).json()
    made = http.post("/v1/keys", json={"roles": ["reader"], "name": WORDS[3]}).json()
    hook = {"url": f"https://{WORDS[2]}.example/", "name": WORDS[3]}
    webhook = http.post("/v1/webhooks", json=hook).json()["id"]
    delivery = http.post(f"/v1/webhooks/{webhook}/test").json()["id"]
    wallet = Wallet.make()
    add_account(service, member, wallet)
    http.put(f"/v1/sign-in/accounts/{to_hex(wallet.address)}", json={"roles": ["reader"]})
    for each in listed:
        http.get(each["url"])
    service.app.state.service.diary.flush()
    block = http.get("/v1/status").json()["block"]["number"]
    lane = http.get("/v1/status").json()["lanes"][0]["id"]
    member_asset = until(
        lambda: http.get(f"{batch_path(batch)}/assets").json().get("items", [{}])[0].get("id")
    )
    operations = [last(written["operation"]), last(batch["operation"])]
    file = http.post("/v1/documents", params={"name": WORDS[0]}, content=WORDS[0]).json()
    hashes = [file["content_hash"], *[each["content_hash"] for each in listed]]
    return Victim(
        member,
        pool=(
            *(asset, batch["id"], member_asset, member.id, member.did, *hashes),
            *(webhook, delivery, schema, world, f"{member.id}-{issued['position']}"),
            *(*operations, made["key"], to_hex(wallet.address), lane),
            *("0", "1", str(block), WORDS[1], WORDS[0], f"{WORDS[3]}-1", WORDS[4]),
        ),
        secrets=frozenset(
            {*WORDS, made["key"], made["api_key"], member.key, member.key.split("_")[1]}
        ),
    )


def batch_path(batch: dict[str, Any]) -> str:
    return f"/v1/batches/{batch['id']}"


def last(url: str) -> str:
    return url.rsplit("/", 1)[1]


@pytest.fixture(scope="module")
def walk(service: Running, victim: Victim) -> Walk:
    return Walk(service.anyone.get("/openapi.json").json(), victim.pool)


def send(http: httpx.Client, ask: Ask) -> httpx.Response:
    path = quote(ask.path, safe="/:")
    if ask.body is None:
        # Of what would go on for ever, a page.
        headers = {"Accept": "application/json"}
        return http.request(ask.method, path, params=dict(ask.query), headers=headers)
    if isinstance(ask.body, str):
        headers = {"Content-Type": "application/x-ndjson"}
        return http.request(ask.method, path, content=ask.body, headers=headers)
    return http.request(ask.method, path, json=ask.body)


def leaks(victim: Victim, ask: Ask, answer: httpx.Response) -> set[str]:
    """The victim's secrets in an answer, those aside that whoever asked had said himself."""
    told = answer.text + str(dict(answer.headers))
    return {one for one in victim.secrets if one in told and one not in ask.said}


def all_reads(walk: Walk, owner: httpx.Client) -> Iterator[tuple[Ask, httpx.Response]]:
    """Each read, as its owner sees it; queries only of what is there."""
    for ask in walk.reads():
        answer = send(owner, ask)
        yield ask, answer
        if answer.status_code == 200:
            for more in walk.queries(ask):
                yield more, send(owner, more)


def test_no_read_tells_one_tenant_of_the_other(
    service: Running, walk: Walk, victim: Victim, attacker: Member
) -> None:
    seen: set[str] = set()
    private: set[str] = set()
    for ask, own in all_reads(walk, victim.member.http):
        assert own.status_code < 500, f"{ask}: {own.text}"
        seen |= leaks(victim, ask, own)
        other = send(attacker.http, ask)
        assert other.status_code < 500, f"{ask}: {other.text}"
        assert not leaks(victim, ask, other), f"{ask}: {other.text}"
        if other.status_code == 200 and set(WORDS) & set(ask.query.values()):
            assert other.json()["items"] == [], f"{ask} tells that it is there"
        if not ask.query:
            assert not leaks(victim, ask, send(service.anyone, ask)), ask
        if own.status_code == 200 and other.status_code != 200:
            # That it is there is private, too.
            assert other.status_code in (404, 422), f"{ask}: {other.text}"
            private.add(ask.route)
    assert seen >= {one for one in victim.secrets if not one.startswith("al_")}, "proves little"
    assert len(private) >= 8, private


def test_what_is_anothers_looks_like_what_is_not_there(
    walk: Walk, victim: Victim, attacker: Member
) -> None:
    """Status and words of the refusal are those for things that nobody has."""
    for ask in walk.reads():
        own, other = send(victim.member.http, ask), send(attacker.http, ask)
        if own.status_code != 200 or other.status_code == 200:
            continue
        nobody = send(attacker.http, replace(ask, path=_without(victim, ask.path)))
        told, wanted = other.json(), nobody.json()
        assert (told["code"], told["title"]) == (wanted["code"], wanted["title"]), ask
        assert told.keys() == wanted.keys(), ask


def _without(victim: Victim, path: str) -> str:
    """The path with names that nobody has in place of the victim's."""
    for name in victim.pool:
        path = path.replace(name, _absent(name))
    return path


def _absent(name: str) -> str:
    """A name of the same form that nobody has."""
    if name.startswith("did:"):
        return "did:web:nobody.example"
    if name.isdigit() or ":" in name:
        return name
    return name[:2] + "".join("3" if sign in string.hexdigits else sign for sign in name[2:])


def test_no_write_acts_for_the_other_tenant(
    service: Running, walk: Walk, victim: Victim, attacker: Member
) -> None:
    http = victim.member.http
    readable = [ask for ask in walk.reads() if send(http, ask).status_code == 200]
    private = [ask for ask in readable if send(attacker.http, ask).status_code == 404]
    # To look at the log of reads is no read, but to look at documents is.
    before = [(ask, _still(send(http, ask))) for ask in private if "/access" not in ask.path]
    assert before
    entries, operations = _entries(victim), _operations(victim)
    asked = 0
    for ask in walk.writes():
        for stranger in (attacker.http, service.anyone):
            answer = send(stranger, ask)
            assert answer.status_code < 500, f"{ask}: {answer.text}"
            assert not leaks(victim, ask, answer), f"{ask}: {answer.text}"
            if any(f"{ask.path}/".startswith(f"{one.path}/") for one in private):
                nobody = replace(ask, path=_without(victim, ask.path))
                wanted = send(stranger, nobody).status_code
                assert answer.status_code == wanted >= 400, f"{ask}: {answer.text}"
            asked += 1
    until(lambda: _are_settled(attacker))
    assert asked > 50
    assert _entries(victim) == entries
    assert _operations(victim) == operations
    for ask, was in before:
        assert _still(send(http, ask)) == was, ask


def _still(answer: httpx.Response) -> Any:
    """What does not change by itself."""
    if "json" not in answer.headers["content-type"]:
        return answer.content
    return _without_moving(answer.json())


def _without_moving(value: Any) -> Any:
    match value:
        case dict():
            moving = MOVING | MOVING_TOO
            return {key: _without_moving(one) for key, one in value.items() if key not in moving}
        case list():
            return [_without_moving(one) for one in value]
    return value


def _entries(victim: Victim) -> list[Any]:
    """What the ledger has of the victim, whoever sent it."""
    path = f"/v1/entries?organisation={victim.member.id}&limit=200"
    return [(each["subject"], each["position"]) for each in _all(victim.member, path)]


def _operations(victim: Victim) -> list[Any]:
    return [each["id"] for each in _all(victim.member, "/v1/operations?limit=200")]


def _all(member: Member, path: str) -> list[Any]:
    found: list[Any] = []
    while path:
        answer = member.http.get(path)
        found += answer.json()["items"]
        path = answer.links.get("next", {}).get("url", "")
    return found


def _are_settled(member: Member) -> bool:
    waiting = [
        member.http.get(f"/v1/operations?state={state}").json()["items"]
        for state in ("queued", "sent")
    ]
    return not any(waiting)
