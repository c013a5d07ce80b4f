"""Shipbuilding: main engines and crankshafts, hull blocks, ships, and the class that certifies."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.demo.enterprises import ALMENDRA, HANBADA, HAVSTEIN, WANGCHAO
from ledger.demo.shapes import as_built, certificate, erratum, event, nameplate, serial_part
from ledger.demo.story import Life, item, vary

MOTOR = "HM-6X62"
CRANKSHAFT = "HM-CS62"
SHIP = "WC-SOV85"
LOADS = (25, 50, 75, 100)


def lives() -> Iterator[Life]:
    """Crankshafts, main engines, blocks of a hull, two service ships and their certificates."""
    for number in range(1, 5):
        yield crankshaft(number)
    for number in range(1, 5):
        yield main_engine(number)
    for number in range(1, 6):
        yield block(number)
    for number in (1, 2):
        yield ship(number)
    for number in (1, 2):
        yield class_certificate(number)


def crankshaft(number: int) -> Life:
    """Forged outside, machined and examined by the engine's maker."""
    serial = f"{CRANKSHAFT}-{number:03d}"
    return Life(
        HAVSTEIN,
        serial,
        serial_part(
            HAVSTEIN,
            CRANKSHAFT,
            "Veivaksel, 6 sylindre",
            serial,
            HAVSTEIN.time("2024-03-04T07:00", 14 * number),
            heat=f"H{88120 + 7 * number}",
            mass={"value": 38.6, "unit": "t"},
        ),
    ).observed(
        certificate(
            HANBADA,
            ["MaterialCertificate"],
            item(HAVSTEIN, CRANKSHAFT, serial),
            HANBADA.time("2024-04-08T10:00", 14 * number),
            rules="HRS Rules, part 2, chapter 5",
            ultrasonic="no indication above Ø 2 mm",
            tensileStrength={"value": vary(652, 14, serial, "Rm", digits=0), "unit": "MPa"},
            surveyor="Seo Ji-woo",
        )
    )


def main_engine(number: int) -> Life:
    """Built, run on the shop's brake before the class's surveyor, delivered to the yard.

    Number 2's fuel consumption was reported without the correction to ISO conditions.
    """
    serial = f"{MOTOR}-{1400 + number}"
    thing = item(HAVSTEIN, MOTOR, serial)
    life = Life(
        HAVSTEIN,
        serial,
        nameplate(
            HAVSTEIN,
            MOTOR,
            serial,
            2024,
            {"en": "Two-stroke main engine", "nb": "To-takts hovedmotor", "zh": "二冲程主机"},
            Markings=["IMO Tier III", "methanol ready"],
            TechnicalData={
                "cylinders": 6,
                "bore": {"value": 620, "unit": "mm"},
                "maximumContinuousRating": {"value": 13500, "unit": "kW", "at": "94 r/min"},
            },
            contains={"crankshaft": f"{CRANKSHAFT}-{number:03d}"},
        ),
    ).observed(shop_test(serial, thing, HAVSTEIN.time("2024-09-09T08:00", 21 * number)))
    if number == 2:
        life = life.corrected(
            1,
            erratum(
                HAVSTEIN.time("2024-10-28T09:15"),
                176.9,
                fuel(serial, 100),
                "sensorElementList[0].sensorReport[7].value",
                "measured with fuel of 41.9 MJ/kg; the report must give it for 42.7 MJ/kg "
                "(ISO 3046-1)",
            ),
        )
    life = life.handed_over(WANGCHAO)
    if number == 4:
        return life
    life = life.observed(
        event(
            WANGCHAO,
            thing,
            WANGCHAO.time("2025-01-16T09:30", 30 * number),
            "installing",
            "active",
            installedIn=f"H22{7 + (number - 1) // 2:02d}",
            alignment="crank web deflection within 0.12 mm, cold",
        )
    )
    if number == 1:
        life = life.observed(sea_trial(thing, "main engine, 100 % for 4 h, no alarm"))
    return life


def fuel(serial: str, load: int) -> float:
    """Specific fuel oil consumption at a load, in g/kWh: lowest at three quarters."""
    return vary(168.0 + abs(load - 75) * 0.09, 0.6, serial, "fuel", load, digits=1)


def shop_test(serial: str, thing: str, when: str) -> dict[str, object]:
    """Power and consumption at four loads, before the class's surveyor (IACS UR M51)."""
    wrong = serial.endswith("1402")
    readings: dict[str, tuple[float, str]] = {}
    for load in LOADS:
        readings[f"Power{load}"] = (135.0 * load, "kW")
        consumed = 176.9 if wrong and load == 100 else fuel(serial, load)
        readings[f"SpecificFuelConsumption{load}"] = (consumed, "g/kWh")
    return event(HAVSTEIN, thing, when, "inspecting", readings=readings, witnessedBy=HANBADA.did)


def block(number: int) -> Life:
    """A piece of hull: cut, welded, tested without destroying it, erected on the slip."""
    serial = f"H2207-B{number:02d}"
    thing = item(WANGCHAO, SHIP, serial)
    life = Life(
        WANGCHAO,
        serial,
        serial_part(
            WANGCHAO,
            "H2207 hull block",
            f"船体分段 {number:02d}",
            serial,
            WANGCHAO.time("2024-06-03T07:30", 12 * number),
            steel="EH36",
            mass={"value": vary(214, 30, serial, "mass", digits=0), "unit": "t"},
            frames=f"{18 * (number - 1)} to {18 * number}",
        ),
    ).observed(
        event(
            WANGCHAO,
            thing,
            WANGCHAO.time("2024-07-22T14:00", 12 * number),
            "inspecting",
            readings={
                "WeldsExamined": (vary(620, 80, serial, "welds", digits=0), "m"),
                "WeldsRepaired": (vary(1.1, 0.6, serial, "repairs", digits=1), "%"),
            },
            method="phased-array ultrasonic testing, ISO 13588",
        )
    )
    if number == 3:  # the three-dimensional scan showed it out of true
        life = life.revised(
            serial_part(
                WANGCHAO,
                "H2207 hull block",
                "船体分段 03",
                serial,
                WANGCHAO.time("2024-08-26T07:30"),
                steel="EH36",
                frames="36 to 54",
                change="lower edge trimmed by 14 mm after laser scan against block 02",
            )
        )
    return life


def ship(number: int) -> Life:
    """A service ship for wind farms at sea; the first is delivered, the second fitted out."""
    serial = f"H22{6 + number:02d}"
    thing = item(WANGCHAO, SHIP, serial)
    parts = {f"main engine {side}": f"{MOTOR}-{1398 + 2 * number + side}" for side in (1, 2)}
    if number == 1:
        parts |= {f"hull block {block:02d}": f"H2207-B{block:02d}" for block in range(1, 6)}
    particulars = {
        "principalParticulars": {
            "lengthOverAll": {"value": 85.2, "unit": "m"},
            "breadth": {"value": 19.6, "unit": "m"},
            "deadweight": {"value": 2400, "unit": "t"},
            "walkToWork": "motion-compensated gangway, 23 m",
        }
    }
    built = as_built(WANGCHAO, serial, parts, WANGCHAO.time("2025-02-24T08:00", 120 * number))
    life = Life(WANGCHAO, serial, built | particulars)
    if number == 2:
        return life
    launched = event(
        WANGCHAO, thing, WANGCHAO.time("2025-04-18T09:58"), "commissioning", "active", tide="3.1 m"
    )
    named = built | particulars | {"name": "Viento Sereno", "portOfRegistry": "Vigo"}
    return (
        life.observed(launched)
        .observed(sea_trial(thing, "14.6 kn at 85 %, turning circle 2.4 lengths"))
        .revised(named)
        .handed_over(ALMENDRA)
    )


def sea_trial(thing: str, result: str) -> dict[str, object]:
    """Three days off the coast, for the ship and what drives it."""
    when = WANGCHAO.time("2025-06-11T18:00")
    readings = {"Wind": (5.0, "Bft"), "SignificantWaveHeight": (1.2, "m")}
    return event(
        WANGCHAO, thing, when, "inspecting", readings=readings, result=result, area="East China Sea"
    )


def class_certificate(number: int) -> Life:
    """The class's certificate: registered by the class, held by whoever holds the ship."""
    serial = f"HRS-C-25-{number:04d}"
    life = Life(
        HANBADA,
        serial,
        certificate(
            HANBADA,
            ["ClassCertificate"],
            item(WANGCHAO, SHIP, f"H22{6 + number:02d}"),
            HANBADA.time("2025-06-20T10:00", 90 * (number - 1)),
            notation="+1A, Windfarm Service, DP 2, Methanol Ready",
            interim=number == 2,
            validUntil="2030-06-19" if number == 1 else "2025-12-31",
        ),
        owner=WANGCHAO,
    )
    return life.handed_over(ALMENDRA) if number == 1 else life
