"""Aerospace: turbine blades become part of an engine, and the engine goes to an airline."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.demo.enterprises import CALEDON, TRANSANDINA, VAUCLAIR
from ledger.demo.shapes import (
    as_built,
    batch,
    certificate,
    erratum,
    event,
    nameplate,
    notice,
    part_type,
    serial_part,
)
from ledger.demo.story import Life, item, vary

BLADE = "AV-HPT1"
ENGINE = "CAL-T90"
CASTING = "AV-C-2511"
INCH = 25.4


def lives() -> Iterator[Life]:
    """A blade's type, the casting that all blades come from, blades, engines, engine positions."""
    yield blade_type()
    yield casting()
    for number in range(101, 117):
        yield blade(number)
    for number in range(1, 4):
        yield engine(number)
    for place in (1, 2):
        yield position(place)


def blade_type() -> Life:
    return Life(
        VAUCLAIR,
        BLADE,
        part_type(
            VAUCLAIR,
            BLADE,
            "Aube de turbine haute pression, étage 1",
            "2023-01-01",
            material="single-crystal nickel superalloy, second generation",
            cooling="film, 74 holes",
            lifeLimit={"value": 15000, "unit": "cycles"},
        ),
        "type",
    )


def casting() -> Life:
    """The batch of one furnace, with its inspection certificate (EN 10204, type 3.1)."""
    cast = batch(
        VAUCLAIR,
        f"{BLADE}-CAST",
        "Coulée monocristalline",
        CASTING,
        VAUCLAIR.time("2024-11-04T04:30"),
        "18 blades",
        furnace="F2, Bridgman, 3.4 mm/min",
    )
    tested = certificate(
        VAUCLAIR,
        ["InspectionCertificate31"],
        CASTING,
        VAUCLAIR.time("2024-11-08T10:00"),
        standard="EN 10204:2004, 3.1",
        composition={"Cr": 6.4, "Co": 9.6, "W": 6.4, "Re": 2.9, "Ta": 6.5, "Al": 5.6, "unit": "%"},
        primaryOrientation={"deviation": 4.1, "limit": 10, "unit": "°"},
        stressRupture={"temperature": "982 °C", "stress": "248 MPa", "life": "312 h"},
    )
    return Life(VAUCLAIR, CASTING, cast, "batch").observed(tested)


def blade(number: int) -> Life:
    """Cast, scanned, coated, released.

    Number 109's wall was typed in millimetres into a field of inches. Number 113's is too thin:
    it stays where it was made.
    """
    serial = f"{BLADE}-{number:04d}"
    thing = item(VAUCLAIR, BLADE, serial)
    day = number - 101
    wall = 0.71 if number == 113 else vary(1.02, 0.06, serial, "wall", digits=3)
    passed = number != 113
    life = Life(
        VAUCLAIR,
        serial,
        serial_part(
            VAUCLAIR,
            BLADE,
            "Aube HP étage 1",
            serial,
            VAUCLAIR.time("2024-11-04T04:30"),
            castFrom=CASTING,
            mass={"value": vary(312.4, 1.2, serial, "mass", digits=1), "unit": "g"},
        ),
    ).observed(
        event(
            VAUCLAIR,
            thing,
            VAUCLAIR.time("2024-11-18T09:10", day),
            "inspecting",
            "conformant" if passed else "non_conformant",
            {
                "MinimumWallThickness": (
                    round(wall * INCH, 2) if number == 109 else wall,
                    "mm",
                ),
                "CoreShift": (vary(0.05, 0.03, serial, "core", digits=3), "mm"),
                "Porosity": (vary(0.12, 0.08, serial, "pores"), "%"),
            },
            method="computed tomography, voxel 40 µm",
        )
    )
    if number == 109:
        life = life.corrected(
            1,
            erratum(
                VAUCLAIR.time("2024-11-27T16:40"),
                round(wall * INCH, 2),
                wall,
                "sensorElementList[0].sensorReport[0].value",
                "the scanner's export was converted from inches twice",
            ),
        )
    if not passed:
        return life.observed(
            event(
                VAUCLAIR,
                thing,
                VAUCLAIR.time("2024-12-02T11:00"),
                "inspecting",
                "non_conformant",
                decision="scrap; kept as a reference piece for the tomograph",
                limit={"MinimumWallThickness": 0.85, "unit": "mm"},
            )
        )
    coated = event(
        VAUCLAIR,
        thing,
        VAUCLAIR.time("2024-12-09T14:00", day),
        "transforming",
        readings={"CoatingThickness": (vary(148, 9, serial, "coat", digits=0), "µm")},
        process="EB-PVD, 7YSZ on MCrAlY",
    )
    life = life.observed(coated)
    return life.handed_over(CALEDON) if number <= 114 else life


def engine(number: int) -> Life:
    """Assembled, run in the test cell, released and flown.

    Number 2's blades showed cracks after a bird strike: nobody may move it until the shop visit
    is done. Number 3 still awaits its buyer.
    """
    serial = f"{ENGINE}-{70200 + number}"
    thing = item(CALEDON, ENGINE, serial)
    parts = {
        f"HPT 1, slot {slot}": f"{BLADE}-{100 + 4 * (number - 1) + slot:04d}"
        for slot in range(1, 5)
    }
    built = CALEDON.time("2025-01-27T12:00", 9 * number)
    made = as_built(CALEDON, serial, parts, built)
    life = Life(CALEDON, serial, made).observed(
        event(
            CALEDON,
            thing,
            CALEDON.time("2025-02-17T13:30", 9 * number),
            "inspecting",
            readings={
                "TakeOffThrust": (vary(134.2, 0.7, serial, "thrust", digits=1), "kN"),
                "ExhaustGasTemperatureMargin": (
                    vary(62, 5, serial, "margin", digits=0),
                    "K",
                ),
                "FanVibration": (vary(0.31, 0.08, serial, "vibration"), "in/s"),
            },
            testCell="Prestwick 2",
        )
    )
    if number == 3:
        return life
    released = certificate(
        CALEDON,
        ["AuthorisedReleaseCertificate"],
        thing,
        CALEDON.time("2025-02-20T09:00", 9 * number),
        block11="NEW",
        block12="Tested and released; test report attached by hash",
        approval="UK.21G.0000 (invented)",
    )
    life = life.observed(released).handed_over(TRANSANDINA)
    flown = event(
        TRANSANDINA,
        thing,
        TRANSANDINA.time("2025-07-14T22:10", 5 * number),
        "inspecting",
        "conformant" if number == 1 else "damaged",
        {"CyclesSinceNew": (381.0 + number, "cycles"), "HoursSinceNew": (1162.4, "h")},
        method="borescope",
        finding="none" if number == 1 else "two leading edges nicked, one crack of 1.8 mm",
    )
    life = life.observed(flown)
    return grounded(life, serial, parts, built) if number == 2 else life


def grounded(life: Life, serial: str, parts: dict[str, str], built: str) -> Life:
    """Barred after a bird strike, released for the shop visit, and of other blades since."""
    after = parts | {"HPT 1, slot 2": f"{BLADE}-0114"}
    return (
        life.frozen(
            notice(
                "2025-AER-011",
                "2025-07-25",
                "frozen: may not change hands",
                "bird strike reported after flight TL 418; blades to be examined",
                requestedBy=TRANSANDINA.did,
            )
        )
        .unfrozen(notice("2025-AER-011/2", "2025-08-29", "released", "shop visit SV-1 is agreed"))
        .revised(
            as_built(CALEDON, serial, after, built)
            | {"shopVisit": {"number": "SV-1", "replaced": ["HPT 1, slot 2"]}}
        )
    )


def position(place: int) -> Life:
    """A role: the place under a wing that engines come to and go from."""
    serial = f"CC-TXA/ENG{place}"
    return Life(
        TRANSANDINA,
        serial,
        nameplate(
            TRANSANDINA,
            "engine position",
            serial,
            2025,
            {"en": f"Engine position {place} of CC-TXA", "es": f"Posición de motor {place}"},
            fittedWith=f"{ENGINE}-{70200 + place}",
        ),
        "role",
    )
