"""Words that somebody wrote find the asset, for those who may read them and for nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.running import Member, Running, running, until

DOCUMENT = {"name": "Epicyclic reducer", "名称": "行星减速器", "site": "Łódź, München"}


@pytest.fixture(scope="module")
def reducer(aurora: Member) -> str:
    asset = aurora.register("RDC-7731-A", DOCUMENT)
    until(lambda: asset in found(aurora, "epicyclic"))
    return asset


def found(who: Member, q: str, **more: str) -> list[str]:
    answer = who.http.get("/v1/assets", params={"q": q, **more})
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["items"]]


def test_words_find_the_asset(aurora: Member, reducer: str) -> None:
    for q in ("减速", "行星减速器", "器", "EPICYCLIC munchen", "7731", "rdc-7731", "RDC-7731-A"):
        assert found(aurora, q) == [reducer], q
    for q in ("reduc", "速减", "epicyclic turbine", "…", '" OR "', "epicyclic*turbine", "':*"):
        assert found(aurora, q) == [], q


def test_words_narrow_the_other_filters(aurora: Member, boreas: Member, reducer: str) -> None:
    assert found(aurora, "减速", owner=aurora.did, frozen="false") == [reducer]
    assert found(aurora, "减速", owner=boreas.did) == found(aurora, "减速", frozen="true") == []
    assert found(aurora, "减速", serial="RDC-7731-A") == [reducer]
    assert found(aurora, "涡轮", serial="RDC-7731-A") == []


def test_results_come_in_pages(aurora: Member) -> None:
    assets = [aurora.register(None, {"name": "Paginated widget"}) for _ in range(5)]
    until(lambda: len(found(aurora, "paginated")) == 5)
    assert found(aurora, "paginated") == assets
    seen, path = [], "/v1/assets?q=paginated&limit=2"
    while path:
        answer = aurora.http.get(path)
        seen += [each["id"] for each in answer.json()["items"]]
        path = answer.links.get("next", {}).get("url", "")
    assert seen == assets


def test_others_find_nothing_until_it_is_theirs(
    service: Running, aurora: Member, boreas: Member, reducer: str
) -> None:
    assert found(boreas, "减速") == found(boreas, "7731") == []
    answer = service.operator.get("/v1/assets", params={"q": "减速"})
    assert [each["id"] for each in answer.json()["items"]] == [reducer]
    given = aurora.register(None, {"name": "Handover candidate"})
    until(lambda: found(aurora, "handover"))
    assert found(boreas, "handover") == []
    assert aurora.append(given, kind="transferred", to=boreas.did).status_code == 201
    until(lambda: found(boreas, "handover") == [given])
    assert found(aurora, "handover") == [given]


def test_the_explorer_finds_assets_and_organisations(service: Running, reducer: str) -> None:
    member = service.enrol("Solstice Gearworks")  # a name that no document tells
    page = service.anyone.get("/", params={"q": "行星"}).text
    assert reducer in page
    assert "Epicyclic reducer" in page

    def told() -> str:
        return str(service.anyone.get("/", params={"q": "Solstice"}).text)

    until(lambda: f'href="/organisations/{member.id}"' in told())
    page = told()
    assert f'href="/organisations/{member.id}"' in page
    assert "Nothing matches" in page


def test_where_documents_are_private_the_explorer_finds_organisations_only(tmp_path: Path) -> None:
    with running(tmp_path, explorer_documents=False) as ledger:
        member = ledger.enrol("Zephyr Works")
        asset = member.register("PRV-1", {"name": "Hidden part"})
        until(lambda: found(member, "hidden") == [asset])
        for q in ("hidden", "PRV-1", "prv"):
            assert asset not in ledger.anyone.get("/", params={"q": q}).text
        assert member.id in ledger.anyone.get("/", params={"q": "zephyr"}).text
