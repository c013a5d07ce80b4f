"""Automotive: a gearbox maker and a battery maker deliver to a car maker."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.demo.enterprises import FALKENRIED, KRAEHENBACH, LANXI
from ledger.demo.shapes import (
    as_built,
    batch,
    battery_passport,
    erratum,
    event,
    notice,
    part_type,
    serial_part,
)
from ledger.demo.story import Json, Life, item, vary

GEARBOX = "KG8-450"
PACK = "LX-P60"
CAR = "FA-Kolibri"


def lives() -> Iterator[Life]:
    """Gearboxes, their drawing and their friction plates; battery packs; cars built of them."""
    yield drawing()
    yield friction_plates()
    for number in range(1, 13):
        yield gearbox(number)
    for number in range(1, 9):
        yield pack(number)
    for number in range(1, 6):
        yield car(number)


def drawing() -> Life:
    """The type of the gearbox: its drawing changes once, and all later ones follow it."""
    index_c = part_type(
        KRAEHENBACH,
        GEARBOX,
        "8-Gang-Automatikgetriebe 450 N·m",
        "2024-09-01",
        drawing={"number": "KG-1008-450", "index": "C"},
        ratedInputTorque={"value": 450, "unit": "N·m"},
        ratios=[4.71, 3.14, 2.11, 1.67, 1.29, 1.0, 0.84, 0.67],
    )
    index_d = index_c | {
        "drawing": {"number": "KG-1008-450", "index": "D"},
        "change": {
            "number": "ÄA-2025-017",
            "reason": "output shaft seal: FKM in place of NBR, after weeping at -30 °C",
            "affects": ["sealing ring, item 41", "assembly instruction, step 12"],
        },
    }
    return Life(KRAEHENBACH, GEARBOX, index_c, "type").revised(index_d)


def friction_plates() -> Life:
    return Life(
        KRAEHENBACH,
        "FP-25-0412",
        batch(
            KRAEHENBACH,
            "KG-FP-08",
            "Reiblamelle, Kupplung B",
            "FP-25-0412",
            KRAEHENBACH.time("2025-01-13T06:00"),
            "2400 pieces",
            coefficientOfFriction={"value": 0.128, "method": "SAE J2490"},
        ),
        "batch",
    )


def gearbox(number: int) -> Life:
    """Made, tested at the end of the line, mostly delivered.

    Numbers 1 to 6 were made before the drawing changed, and reworked. Number 3's noise was
    written down wrongly, number 7 leaked at first, 11 and 12 are still in stock.
    """
    serial = f"KG8-25-{number:04d}"
    thing = item(KRAEHENBACH, GEARBOX, serial)
    built = KRAEHENBACH.time("2025-02-03T05:40", number)
    tested = KRAEHENBACH.time("2025-02-03T14:10", number)
    made = serial_part(
        KRAEHENBACH,
        GEARBOX,
        "8-Gang-Automatikgetriebe 450 N·m",
        serial,
        built,
        drawing={"number": "KG-1008-450", "index": "C" if number <= 6 else "D"},
        containsFrom=["FP-25-0412"],
    )
    life = Life(KRAEHENBACH, serial, made)
    if number == 7:
        life = life.observed(end_of_line(thing, serial, tested, leak=3.9, passed=False))
        tested = KRAEHENBACH.time("2025-02-12T09:05")
        life = life.observed(
            event(KRAEHENBACH, thing, tested, "repairing", "needs_replacement", replaced="item 41")
        )
    noise = 96.3 if number == 3 else vary(68.5, 1.5, serial, "noise", digits=1)
    life = life.observed(end_of_line(thing, serial, tested, noise=noise))
    if number == 3:
        life = life.corrected(
            1,
            erratum(
                KRAEHENBACH.time("2025-02-07T08:00"),
                96.3,
                69.3,
                "sensorElementList[0].sensorReport[1].value",
                "two digits of the sound level were swapped when the bench's network was down "
                "and the sheet was typed in by hand; the recording shows 69.3 dB(A)",
            ),
        )
    if number <= 6:
        reworked = {"drawing": {"number": "KG-1008-450", "index": "D"}, "rework": "ÄA-2025-017"}
        life = life.revised(made | reworked)
    if number <= 10:
        life = life.handed_over(FALKENRIED)
    if number <= 5:
        when = FALKENRIED.time("2025-03-17T10:20", number)
        life = life.observed(
            event(FALKENRIED, thing, when, "assembling", "active", installedIn=vin(number))
        )
    return life


def end_of_line(
    thing: str,
    serial: str,
    when: str,
    *,
    noise: float = 68.9,
    leak: float | None = None,
    passed: bool = True,
) -> Json:
    """The last test before a gearbox may leave: torque, noise, tightness, shifting."""
    return event(
        KRAEHENBACH,
        thing,
        when,
        "inspecting",
        "conformant" if passed else "non_conformant",
        {
            "DragTorque": (vary(3.4, 0.4, serial, "drag"), "N·m"),
            "SoundPressureLevel": (noise, "dB(A)"),
            "LeakRate": (leak or vary(0.6, 0.3, serial, "leak"), "cm³/min at 0.3 bar"),
            "ShiftTime": (vary(182, 12, serial, "shift", digits=0), "ms"),
        },
        testBench="EOL-3",
        program="KG8 rev. 11",
    )


def pack(number: int) -> Life:
    """A battery pack with its passport.

    Number 4 was frozen while a cell lot was under suspicion, and let go. Number 1 comes back
    after three years with less than it had.
    """
    serial = f"LX-P60-24{number:05d}"
    thing = item(LANXI, PACK, serial)
    born = {"cellLot": "LXC-2409-B" if number == 4 else "LXC-2409-A", "cells": 120}
    built = LANXI.time("2024-10-08T08:00", number)
    life = Life(LANXI, serial, battery_passport(LANXI, PACK, serial, built, 100.0, **born))
    life = life.observed(
        event(
            LANXI,
            thing,
            LANXI.time("2024-10-09T16:30", number),
            "inspecting",
            readings={
                "Capacity": (vary(157.1, 0.8, serial, "capacity"), "A·h"),
                "InternalResistance": (vary(48.2, 1.1, serial, "resistance"), "mΩ"),
                "InsulationResistance": (vary(560, 40, serial, "insulation", digits=0), "MΩ"),
            },
        )
    )
    if number < 8:
        life = life.handed_over(FALKENRIED)
    if number == 4:
        life = suspected(life, thing)
    if number == 1:
        life = life.revised(
            battery_passport(
                LANXI, PACK, serial, built, 91.3, **born, fullCycles=412, odometer="68 204 km"
            )
        )
    return life


def suspected(life: Life, thing: str) -> Life:
    """Barred while its cells' lot is looked into; nothing is found, and it moves again."""
    stopped = notice(
        "2025-AUT-003",
        "2025-05-06",
        "frozen until inspected",
        "cell lot LXC-2409-B: separator wrinkles were found in a sister pack",
        requestedBy=FALKENRIED.did,
    )
    cleared = notice(
        "2025-AUT-003/2",
        "2025-05-21",
        "released",
        "tomography of all 120 cells shows no wrinkle; the lot is cleared",
    )
    inspected = event(
        FALKENRIED,
        thing,
        FALKENRIED.time("2025-05-20T13:00"),
        "inspecting",
        readings={"CellVoltageSpread": (6.0, "mV")},
        method="computed tomography, 45 µm",
    )
    return life.frozen(stopped).unfrozen(cleared).observed(inspected)


def vin(number: int) -> str:
    """A vehicle's number in the form of ISO 3779, of a maker that does not exist."""
    return f"WFZKLB25XS00{number:05d}"


def car(number: int) -> Life:
    """Built of a gearbox and a pack of the same number, and driven on the test track."""
    serial = vin(number)
    parts = {
        "transmission": f"KG8-25-{number:04d}",
        "traction battery": f"LX-P60-24{number:05d}",
    }
    built = FALKENRIED.time("2025-03-18T15:45", number)
    driven = event(
        FALKENRIED,
        item(FALKENRIED, CAR, serial),
        FALKENRIED.time("2025-03-19T11:15", number),
        "inspecting",
        readings={
            "BrakingDistance100": (vary(35.4, 0.6, serial, "brake", digits=1), "m"),
            "Consumption": (vary(15.2, 0.5, serial, "use", digits=1), "kWh/100 km"),
        },
    )
    life = Life(FALKENRIED, serial, as_built(FALKENRIED, serial, parts, built)).observed(driven)
    if number == 2:
        update = {"software": {"chassis control": "7.2.1", "reason": "UN R156 campaign 25-04"}}
        life = life.revised(as_built(FALKENRIED, serial, parts, built) | update)
    return life
