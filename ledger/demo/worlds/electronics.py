"""Electronics: server boards and vibration sensors, found again in all the other worlds."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.demo.enterprises import (
    ALMENDRA,
    CALEDON,
    FALKENRIED,
    HAVSTEIN,
    KITANOSAWA,
    XINGDU,
)
from ledger.demo.shapes import (
    batch,
    certificate,
    erratum,
    event,
    nameplate,
    part_type,
    serial_part,
    software,
)
from ledger.demo.story import Json, Life, item, vary

BOARD = "XD-SB4"
SENSOR = "KS-VX3"
CHIPS = "XD-IC-2447"

BOARD_BUYERS = {1: FALKENRIED, 2: FALKENRIED, 3: FALKENRIED, 4: ALMENDRA, 5: ALMENDRA, 6: ALMENDRA}
SENSOR_BUYERS = {1: HAVSTEIN, 2: HAVSTEIN, 3: HAVSTEIN, 4: CALEDON, 5: CALEDON, 6: ALMENDRA}


def lives() -> Iterator[Life]:
    """A board's type and a lot of chips, boards, a sensor's type, sensors."""
    yield board_type()
    yield chips()
    for number in range(1, 14):
        yield board(number)
    yield sensor_type()
    for number in range(1, 13):
        yield sensor(number)


def board_type() -> Life:
    """The board's design: its second revision takes another regulator."""
    first = part_type(
        XINGDU,
        BOARD,
        "边缘服务器主板",
        "2024-06-01",
        layout={"revision": "A1", "layers": 14, "standard": "IPC-6012, class 3"},
        sockets={"processor": 1, "memory": 8, "network": "2 x 25 Gbit/s"},
    )
    second = first | {
        "layout": {"revision": "A2", "layers": 14, "standard": "IPC-6012, class 3"},
        "change": {"number": "ECO-1182", "reason": "regulator U31 runs 9 K cooler"},
    }
    return Life(XINGDU, BOARD, first, "type").revised(second)


def chips() -> Life:
    """A reel of regulators with its declaration of substances (IEC 62474)."""
    reel = batch(
        XINGDU,
        "PMIC-31",
        "电源管理芯片",
        CHIPS,
        XINGDU.time("2024-11-18T08:00"),
        "3000 pieces",
        dateCode="2447",
        moistureSensitivity="MSL 3, J-STD-020",
    )
    declared = certificate(
        XINGDU,
        ["MaterialDeclaration"],
        CHIPS,
        XINGDU.time("2024-11-20T15:00"),
        standard="IEC 62474",
        restricted={"Pb": 0, "Cd": 0, "unit": "mg/kg"},
    )
    return Life(XINGDU, CHIPS, reel, "batch").observed(declared)


def board(number: int) -> Life:
    """Soldered, probed, burnt in, mostly updated, half of them sold.

    Number 8 fails when hot and is repaired; number 11 has only been soldered.
    """
    serial = f"{BOARD}-2504-{number:04d}"
    thing = item(XINGDU, BOARD, serial)
    life = Life(
        XINGDU,
        serial,
        serial_part(
            XINGDU,
            BOARD,
            "边缘服务器主板",
            serial,
            XINGDU.time("2025-04-07T21:15", number),
            layout="A2",
            containsFrom=[CHIPS],
            productCarbonFootprint={
                "value": vary(96.0, 4.0, serial, "pcf", digits=1),
                "unit": "kg CO2e",
                "boundary": "cradle to gate, ISO 14067",
            },
        ),
    )
    if number == 11:
        return life
    life = life.observed(probe(serial, thing, number))
    if number == 8:
        life = life.observed(burn_in(serial, thing, number, failed=True)).observed(
            event(
                XINGDU,
                thing,
                XINGDU.time("2025-04-17T10:30"),
                "repairing",
                "in_progress",
                finding="cold joint under U31, seen by X-ray",
                repair="reworked once, IPC-7711/7721",
            )
        )
    life = life.observed(burn_in(serial, thing, number))
    if number <= 9:
        life = life.revised(
            software(
                XINGDU,
                serial,
                "1.4.0",
                {"boot loader": "2025.01", "management controller": "3.2.7", "tls": "3.6.2"},
            )
        )
    buyer = BOARD_BUYERS.get(number)
    return life if buyer is None else life.handed_over(buyer)


def probe(serial: str, thing: str, number: int) -> Json:
    """Every net touched once, all at the same time."""
    return event(
        XINGDU,
        thing,
        XINGDU.time("2025-04-08T03:40", number),
        "inspecting",
        readings={
            "NetsProbed": (4186.0, "1"),
            "CoreVoltage": (vary(0.851, 0.004, serial, "core", digits=4), "V"),
            "StandbyPower": (vary(4.6, 0.3, serial, "idle", digits=1), "W"),
        },
        station="ICT-2",
    )


def burn_in(serial: str, thing: str, number: int, *, failed: bool = False) -> Json:
    """Two days at 55 °C under load; who falls ill does so early."""
    hours = 7.5 if failed else 48.0
    return event(
        XINGDU,
        thing,
        XINGDU.time("2025-04-10T04:00", number + (0 if failed else 0.5)),
        "inspecting",
        "non_conformant" if failed else "conformant",
        {
            "Duration": (hours, "h"),
            "HottestPoint": (vary(81.5, 2.5, serial, hours, digits=1), "CEL"),
            "CorrectedMemoryErrors": (214.0 if failed else 0.0, "1"),
        },
    )


def sensor_type() -> Life:
    return Life(
        KITANOSAWA,
        SENSOR,
        part_type(
            KITANOSAWA,
            SENSOR,
            "三軸振動センサー",
            "2023-10-01",
            principle="MEMS, capacitive",
            frequencyRange={"from": 0.5, "to": 6000, "unit": "Hz"},
            protection="IP68",
        ),
        "type",
    )


def sensor(number: int) -> Life:
    """Made, calibrated, half of them at work in somebody else's machine.

    Number 10's sensitivity was certified for the wrong axis. Number 2 was calibrated again
    where it works.
    """
    serial = f"{SENSOR}-{24900 + number}"
    thing = item(KITANOSAWA, SENSOR, serial)
    plate = nameplate(
        KITANOSAWA,
        SENSOR,
        serial,
        2025,
        {"ja": "三軸振動センサー", "en": "Triaxial vibration sensor"},
        FirmwareVersion="3.0.2",
        Markings=["CE", "UKCA"],
    )
    axes = {axis: vary(100.0, 1.5, serial, axis) for axis in ("x", "y", "z")}
    told = axes | {"x": axes["y"], "y": axes["x"]} if number == 10 else axes
    life = Life(KITANOSAWA, serial, plate).observed(
        calibration(thing, KITANOSAWA.time("2025-05-12T13:20", number), told)
    )
    if number == 10:
        life = life.corrected(
            1,
            erratum(
                KITANOSAWA.time("2025-05-23T17:05"),
                told,
                axes,
                "credentialSubject.sensitivity",
                "x and y were exchanged: the sensor sat on the shaker turned by 90°",
            ),
        )
    buyer = SENSOR_BUYERS.get(number)
    if buyer is None:
        return life
    life = life.handed_over(buyer)
    if number == 2:
        drifted = {axis: round(value * 0.994, 2) for axis, value in axes.items()}
        life = life.observed(calibration(thing, HAVSTEIN.time("2025-11-10T09:00"), drifted))
    if number == 6:
        life = life.revised(plate | {"FirmwareVersion": "3.1.0"})
    return life


def calibration(thing: str, when: str, sensitivity: dict[str, float]) -> Json:
    """A calibration certificate (ISO/IEC 17025, 7.8.4; method of ISO 16063-21)."""
    return certificate(
        KITANOSAWA,
        ["CalibrationCertificate"],
        thing,
        when,
        method="ISO 16063-21, 160 Hz, 10 m/s²",
        sensitivity=sensitivity | {"unit": "mV/g"},
        expandedUncertainty={"value": 1.0, "unit": "%", "k": 2},
    )
