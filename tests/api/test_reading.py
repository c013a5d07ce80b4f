"""Reads take one worker thread and one snapshot; who is calling is asked before anything else."""

from __future__ import annotations

import anyio.to_thread
import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from api.deps import want_view
from api.reading import ReadingRoute
from api.schemas.assets import FoundAssets
from tests.api.running import Member, Running

BROKEN = "/v1/assets?limit=0"


def test_every_route_with_a_view_opens_it_in_its_own_thread(service: Running) -> None:
    routes = [one.original_route for one in iter_route_contexts(service.app.routes)]
    viewing = [
        route
        for route in routes
        if isinstance(route, APIRoute)
        and any(each.call is want_view for each in route.dependant.dependencies)
    ]
    assert len(viewing) > 40
    assert all(isinstance(route, ReadingRoute) for route in viewing)


def test_nobody_learns_what_is_wrong_with_a_query_without_a_key(service: Running) -> None:
    assert service.anyone.get(BROKEN).status_code == 401
    with service.client("al_aaaaaaaa_wrong") as stranger:
        assert stranger.get(BROKEN).status_code == 401


def test_what_is_asked_wrongly_is_counted(aurora: Member) -> None:
    refused = aurora.http.get(BROKEN)
    assert refused.status_code == 422
    assert "RateLimit" in refused.headers


def test_a_page_of_assets_is_written_as_its_model_writes_it(aurora: Member) -> None:
    aurora.register("Zahnrad „ä“ \u2028 / <1>")
    asset = aurora.register()
    aurora.append(asset, kind="staged", stage="commissioned")
    for query in ("", f"?owner={aurora.id}", "?limit=1"):
        told = aurora.http.get(f"/v1/assets{query}")
        model = FoundAssets.model_validate_json(told.content)
        assert model.items
        assert model.model_dump_json(by_alias=True) == told.text


@pytest.mark.parametrize("path", ["/v1/assets", "/v1/entries", "/v1/organisations"])
def test_a_read_is_handed_to_one_thread_once(
    aurora: Member, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    aurora.http.get(path)  # who is calling is known from here on
    handed = []
    run = anyio.to_thread.run_sync

    async def count(*given: object, **how: object) -> object:
        handed.append(given)
        return await run(*given, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(anyio.to_thread, "run_sync", count)
    assert aurora.http.get(path).status_code == 200
    assert len(handed) == 1
