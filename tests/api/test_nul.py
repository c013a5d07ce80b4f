"""No database's text holds NUL: whoever sends it is told, or nothing is found."""

from __future__ import annotations

import pytest

from tests.api.both import aurora, service  # noqa: F401 - fixtures, on both databases
from tests.api.running import Member, Running

READ = [
    *("/v1/assets?serial=S%00", "/v1/assets?serial=%00&asset_kind=batch", "/v1/assets?q=a%00b"),
    *("/v1/assets?q=%00", "/v1/assets?owner=did:web:%00", "/v1/entries?organisation=%00"),
    *("/v1/organisations/did:web:%00", "/v1/operations/%00", "/v1/operations?id=%00"),
    *("/v1/webhooks/%00", "/v1/webhooks/%00/deliveries", "/v1/accounts/%00", "/v1/assets/%00"),
    *("/v1/events?after=%00", "/v1/assets?cursor=%00", "/v1/documents/%00", "/v1/worlds/%00"),
    *("/v1/checkpoints/%00", "/v1/assets?fields=%00", "/v1/assets?sort=%00"),
]
PAGES = ["/?q=a%00b", "/?owner=%00", "/?organisation=%00", "/assets/%00", "/organisations/%00"]
SENT = [
    *("/v1/keys/%00/revoke", "/v1/operations/%00/cancel", "/v1/lanes/%00/release"),
    "/v1/batches?name=a%00b",
]


@pytest.mark.parametrize("path", READ)
def test_a_read_that_says_nul_is_answered(aurora: Member, path: str) -> None:  # noqa: F811
    answer = aurora.http.get(path)
    assert answer.status_code < 500, answer.text
    if answer.status_code == 200:
        assert answer.json()["items"] == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_that_is_asked_for_with_nul_is_shown(
    service: Running,  # noqa: F811
    path: str,
) -> None:
    assert service.anyone.get(path, headers={"Accept": "text/html"}).status_code < 500


@pytest.mark.parametrize("path", SENT)
def test_what_is_sent_with_nul_is_refused(aurora: Member, path: str) -> None:  # noqa: F811
    line = '{"serial": "S-1", "document": {"a": 1}}'
    answer = aurora.http.post(path, content=line, headers={"Content-Type": "application/x-ndjson"})
    assert 400 <= answer.status_code < 500, answer.text
