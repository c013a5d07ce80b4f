"""Stages of an asset's life and assemblies over HTTP: what is mounted on what, told to both."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from tests.api.running import WAIT, Member, Running, until
from tests.api.test_handover import (
    assert_invalid,
    assert_refused,
    give,
    nothing_mined,
    read,
    send,
    settled,
)

LIFE = ("commissioned", "in_service", "maintenance", "in_service", "decommissioned", "retired")
REASON = {"reason": "recall 2026-14"}


def history(member: Member, asset: str) -> list[tuple[int, str]]:
    items = member.http.get(f"/v1/assets/{asset}/entries", params={"limit": 200}).json()["items"]
    return [(each["position"], each["kind"]) for each in items]


# -- stages ----------------------------------------------------------------------------------


def test_a_whole_life(aurora: Member) -> None:
    asset = aurora.register()
    assert read(aurora, asset)["stage"] == "planned"
    for stage in LIFE:
        answer = aurora.append(asset, kind="staged", stage=stage)
        assert answer.status_code == 201, answer.text
        assert until(lambda: read(aurora, asset)["stage"]) == stage
    retired = aurora.append(asset, kind="observed", document={"event": "driven"})
    assert_refused(retired, "AssetRetired", None)
    assert_refused(aurora.append(asset, kind="staged", stage="planned"), "AssetRetired", None)
    corrected = aurora.append(asset, kind="corrected", corrects=1, document={"event": "late"})
    assert corrected.status_code == 201


def test_stages_follow_one_another(service: Running, aurora: Member, boreas: Member) -> None:
    asset = aurora.register()
    skipped = aurora.append(asset, kind="staged", stage="maintenance")
    assert_refused(skipped, "WrongStage", "stage")
    assert skipped.json()["detail"] == "maintenance does not follow planned, but commissioned"
    assert_invalid(aurora.append(asset, kind="staged", stage="broken"), "staged.stage")
    assert boreas.append(asset, kind="staged", stage="commissioned").status_code == 403
    with nothing_mined(service):
        answers = [send(aurora, asset, kind="staged", stage=stage) for stage in LIFE]
        assert [answer.status_code for answer in answers] == [202] * 6
        # The stages that it still passes through may be left, but none is skipped.
        assert_refused(send(aurora, asset, kind="staged", stage="planned"), "AssetRetired", None)
    assert settled(aurora, answers[-1])["position"] == 6


# -- assemblies ------------------------------------------------------------------------------


def test_mounting_and_dismounting_is_told_to_part_and_parent(aurora: Member) -> None:
    part, parent = aurora.register(), aurora.register()
    mounted = aurora.append(part, kind="mounted", parent=parent)
    assert mounted.status_code == 201, mounted.text
    assert until(lambda: read(aurora, part)["parent"]) == parent
    assert history(aurora, part)[1:] == [(1, "mounted")]
    assert history(aurora, parent)[1:] == [(1, "part_added")]
    dismounted = aurora.append(part, kind="dismounted", parent=parent)
    assert dismounted.status_code == 201, dismounted.text
    until(lambda: read(aurora, part)["parent"] is None)
    assert history(aurora, parent)[2:] == [(2, "part_removed")]
    assert read(aurora, parent)["position"] == 2


def test_a_custodian_of_both_may_mount(aurora: Member, boreas: Member) -> None:
    part, parent = aurora.register(), aurora.register()
    give(part, "custodian", aurora, boreas)
    refused = boreas.append(part, kind="mounted", parent=parent)
    assert refused.status_code == 403
    assert [one["field"] for one in refused.json()["errors"]] == ["parent"]
    give(parent, "custodian", aurora, boreas)
    assert boreas.append(part, kind="mounted", parent=parent).status_code == 201


def test_whoever_has_either_may_part_them(aurora: Member, boreas: Member) -> None:
    parts = [aurora.register() for _ in range(2)]
    parent = aurora.register()
    for part in parts:
        aurora.append(part, kind="mounted", parent=parent)
        assert boreas.append(part, kind="dismounted", parent=parent).status_code == 403
    aurora.append(parts[0], kind="transferred", to=boreas.id)
    assert boreas.append(parts[0], kind="dismounted", parent=parent).status_code == 201
    aurora.append(parent, kind="transferred", to=boreas.id)
    assert boreas.append(parts[1], kind="dismounted", parent=parent).status_code == 201


def test_mounting_that_cannot_be(service: Running, aurora: Member, boreas: Member) -> None:
    part, parent, other = (aurora.register() for _ in range(3))
    assert_invalid(aurora.append(part, kind="mounted", parent=part), "parent")
    nothing = aurora.append(part, kind="mounted", parent="0x" + "7" * 64)
    assert_invalid(nothing, "parent", "unknown_reference")
    assert_invalid(aurora.append(part, kind="mounted", parent="0x7"), "mounted.parent")
    assert_refused(aurora.append(part, kind="dismounted", parent=parent), "NotMounted", "parent")
    aurora.append(part, kind="mounted", parent=parent)
    twice = aurora.append(part, kind="mounted", parent=other)
    assert_refused(twice, "AlreadyMounted", "parent")
    assert twice.json()["values"] == {"part": part, "parent": parent}
    around = aurora.append(parent, kind="mounted", parent=part)
    assert_refused(around, "Cycle", "parent")
    frozen = {"kind": "frozen", "document": REASON}
    service.operator.post(f"/v1/assets/{parent}/entries", json=frozen, headers=WAIT)
    assert_refused(aurora.append(other, kind="mounted", parent=parent), "AssetFrozen", "parent")
    assert boreas.append(other, kind="mounted", parent=parent).status_code == 403


def test_parts_on_their_way_to_another_parent(service: Running, aurora: Member) -> None:
    """Each builds on what is not on the chain yet: no cycle is left when the last one comes."""
    part, parent, other = (aurora.register() for _ in range(3))
    aurora.append(part, kind="mounted", parent=parent)
    with nothing_mined(service):
        answers = [
            send(aurora, part, kind="dismounted", parent=parent),
            send(aurora, part, kind="mounted", parent=other),
            send(aurora, parent, kind="mounted", parent=part),
        ]
        assert [answer.status_code for answer in answers] == [202] * 3, answers[-1].text
    assert [settled(aurora, answer)["state"] != "rejected" for answer in answers] == [True] * 3
    until(lambda: read(aurora, parent)["parent"] == part)
    assert read(aurora, part)["parent"] == other


def test_parts_are_mounted_while_their_parent_is_written_to(aurora: Member) -> None:
    """Each mounting takes a position of the parent's; whoever writes to it gets another one."""
    parent, *parts = (aurora.register() for _ in range(5))
    answers: list[httpx.Response] = []

    def write(part: str) -> None:
        mine = Member(aurora.id, aurora.did, aurora.name, aurora.key, aurora.http)
        answers.append(send(mine, parent, kind="observed", document={"before": part}))
        answers.append(send(mine, part, kind="mounted", parent=parent))
        answers.append(send(mine, parent, kind="observed", document={"after": part}))

    threads = [threading.Thread(target=write, args=(part,)) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [202] * 12
    ended: list[dict[str, Any]] = [settled(aurora, answer) for answer in answers]
    assert {one["state"] for one in ended} <= {"done", "final"}
    until(lambda: read(aurora, parent)["position"] == 12)
    told = history(aurora, parent)
    assert [position for position, _ in told] == list(range(13))
    at = {one["position"] for one in ended if one["kind"] == "observed"}
    assert at == {position for position, kind in told if kind == "observed"}
    assert sum(kind == "part_added" for _, kind in told) == 4


@pytest.mark.parametrize("kind", ["observed", "mounted"])
def test_a_position_of_the_parent_is_had_once(service: Running, aurora: Member, kind: str) -> None:
    """Whoever asks for the position that a mounting on its way takes is told so at once."""
    parent, part, other = (aurora.register() for _ in range(3))
    said = {"document": {"event": "x"}} if kind == "observed" else {"parent": other}
    with nothing_mined(service):
        mounting = send(aurora, part, kind="mounted", parent=parent)
        asked = send(aurora, parent, kind=kind, position=1, **said)
        assert (asked.status_code, asked.json()["code"]) == (409, "wrong_position")
        assert (asked.json()["expected"], asked.json()["given"]) == (2, 1)
        path, body = f"/v1/assets/{parent}/entries", {"kind": kind, **said}
        matched = aurora.http.post(path, json=body, headers={"If-Match": '"0"'})
        assert (matched.status_code, matched.json()["code"]) == (412, "precondition_failed")
        right = send(aurora, parent, kind=kind, position=2, **said)
        assert (right.status_code, right.json()["position"]) == (202, 2)
    assert settled(aurora, mounting)["position"] == 1
    assert settled(aurora, right)["state"] != "rejected"
    assert until(lambda: history(aurora, parent)[2:]) == [(2, kind)]
