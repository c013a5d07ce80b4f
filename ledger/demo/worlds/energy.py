"""Energy: transformers, their oil and what the oil gives away; turbines on a ridge."""

from __future__ import annotations

from collections.abc import Iterator

from ledger.demo.enterprises import ALMENDRA, ENNSFELD
from ledger.demo.shapes import batch, certificate, event, nameplate, notice, part_type
from ledger.demo.story import Json, Life, item, vary

TRANSFORMER = "ET-40/110"
TURBINE = "VA-5.2-148"
OIL = "ET-OIL-2402"


def lives() -> Iterator[Life]:
    """A transformer's type, a tank of oil, transformers in service, and the turbines they serve."""
    yield transformer_type()
    yield oil()
    for number in range(1, 10):
        yield transformer(number)
    for number in range(1, 9):
        yield turbine(number)


def transformer_type() -> Life:
    return Life(
        ENNSFELD,
        TRANSFORMER,
        part_type(
            ENNSFELD,
            TRANSFORMER,
            "Leistungstransformator 40 MVA, 110/20 kV",
            "2022-05-01",
            standard="IEC 60076-1",
            vectorGroup="YNd5",
            ratedPower={"value": 40, "unit": "MVA"},
            shortCircuitImpedance={"value": 12.0, "unit": "%"},
            peakEfficiencyIndex={"value": 99.724, "unit": "%", "regulation": "(EU) 2019/1783"},
        ),
        "type",
    )


def oil() -> Life:
    delivered = batch(
        ENNSFELD,
        "natural ester",
        "Isolierflüssigkeit",
        OIL,
        ENNSFELD.time("2024-02-12T06:30"),
        "180 t",
        standard="IEC 62770",
        breakdownVoltage={"value": 74, "unit": "kV"},
        waterContent={"value": 58, "unit": "mg/kg"},
    )
    return Life(ENNSFELD, OIL, delivered, "batch")


def transformer(number: int) -> Life:
    """Wound, tested, delivered, and asked once a year through its oil how it is.

    Number 2 was barred for a misread sample. Number 5 arcs inside: it stays barred.
    """
    serial = f"ET-24-{7100 + number}"
    thing = item(ENNSFELD, TRANSFORMER, serial)
    plate = nameplate(
        ENNSFELD,
        TRANSFORMER,
        serial,
        2024,
        {"de": "Leistungstransformator", "en": "Power transformer", "es": "Transformador"},
        TechnicalData={
            "ratedPower": "40 MVA",
            "voltages": "110 kV ± 9 steps of 1.78 % / 20 kV",
            "cooling": "KNAN/KNAF",
            "insulatingLiquid": OIL,
            "mass": {"value": vary(68.4, 0.5, serial, "mass", digits=1), "unit": "t"},
        },
    )
    life = Life(ENNSFELD, serial, plate).observed(routine_test(serial, thing, number))
    if number >= 8:
        return life
    life = life.handed_over(ALMENDRA)
    for year in (2024, 2025):
        life = life.observed(oil_sample(serial, thing, year, number))
    if number == 2:
        return misread(life)
    if number == 5:
        return life.frozen(
            notice(
                "2025-ENE-007",
                "2025-06-30",
                "frozen: may be neither sold nor relocated",
                "acetylene in the oil points at arcing; the insurer examines liability",
                requestedBy=ENNSFELD.did,
            )
        )
    if number == 6:
        raised = {"monitoring": {"hydrogenSensor": "on-line", "since": "2025-03-01"}}
        return life.revised(plate | raised)
    return life


def routine_test(serial: str, thing: str, number: int) -> Json:
    """What every transformer has to show before it leaves (IEC 60076-1, 11.1.2)."""
    return event(
        ENNSFELD,
        thing,
        ENNSFELD.time("2024-04-08T10:00", 6 * number),
        "inspecting",
        readings={
            "NoLoadLoss": (vary(16.8, 0.4, serial, "iron"), "kW"),
            "LoadLoss": (vary(152.0, 2.5, serial, "copper", digits=1), "kW"),
            "ShortCircuitImpedance": (vary(12.0, 0.2, serial, "uk"), "%"),
            "RatioDeviation": (vary(0.08, 0.05, serial, "ratio"), "%"),
            "PartialDischarge": (vary(38, 22, serial, "pd", digits=0), "pC"),
        },
        standard="IEC 60076-1, 60076-3",
    )


def oil_sample(serial: str, thing: str, year: int, number: int) -> Json:
    """Gases dissolved in the oil, in µl/l; their ratios tell heat from arcing (IEC 60599)."""
    ill = number == 5 and year == 2025
    gases = {
        "H2": vary(410, 10, serial, year, "H2", digits=0) if ill else vary(22, 9, serial, year),
        "CH4": vary(9, 4, serial, year, "CH4", digits=1),
        "C2H2": 87.0 if ill else vary(0.3, 0.2, serial, year, "C2H2", digits=1),
        "C2H4": vary(6, 3, serial, year, "C2H4", digits=1),
    }
    return event(
        ALMENDRA,
        thing,
        ALMENDRA.time(f"{year}-05-19T12:00", number),
        "sampling",
        "needs_replacement" if ill else "in_progress",
        {f"DissolvedGas{gas}": (value, "µl/l") for gas, value in gases.items()},
        diagnosis="D1, discharges of low energy" if ill else "none",
    )


def misread(life: Life) -> Life:
    """Barred on a laboratory's word, and released when it turns out to be another bottle's."""
    return life.frozen(
        notice(
            "2025-ENE-004",
            "2025-05-26",
            "frozen until sampled again",
            "laboratory reports furan at 4.1 mg/kg: the paper would be at its end",
            requestedBy=ALMENDRA.did,
        )
    ).unfrozen(
        notice(
            "2025-ENE-004/2",
            "2025-06-05",
            "released",
            "second sample: 0.2 mg/kg; the bottles had been exchanged in the laboratory",
        )
    )


def turbine(number: int) -> Life:
    """Commissioned, given more power by software a year later, and read every quarter.

    Three of the eight have not had the update yet.
    """
    serial = f"{TURBINE}-{number:02d}"
    thing = item(ALMENDRA, TURBINE, serial)
    plate = nameplate(
        ALMENDRA,
        TURBINE,
        serial,
        2024,
        {"es": f"Aerogenerador {number}, Sierra de la Culebra", "en": f"Wind turbine {number}"},
        TechnicalData={
            "ratedPower": {"value": 5.2, "unit": "MW"},
            "rotorDiameter": {"value": 148, "unit": "m"},
            "hubHeight": {"value": 110, "unit": "m"},
            "feeds": f"ET-24-{7101 + (number - 1) // 2}",
        },
    )
    commissioned = certificate(
        ALMENDRA,
        ["CommissioningProtocol"],
        thing,
        ALMENDRA.time("2024-07-01T17:00", number),
        gridCode="NTS 2.1, type D",
        lowVoltageRideThrough="passed",
    )
    life = Life(ALMENDRA, serial, plate).observed(commissioned)
    for quarter, start in ((4, "2025-01-01T00:00"), (1, "2025-04-01T00:00")):
        energy = vary(3620, 240, serial, quarter, digits=0)
        life = life.observed(
            event(
                ALMENDRA,
                thing,
                ALMENDRA.time(start),
                "sensor_reporting",
                "in_progress",
                {
                    "Energy": (energy, "MWh"),
                    "Availability": (vary(97.4, 1.6, serial, quarter, "up", digits=1), "%"),
                },
            )
        )
    if number <= 5:
        better = plate["TechnicalData"] | {"ratedPower": {"value": 5.5, "unit": "MW"}}
        life = life.revised(plate | {"TechnicalData": better, "controlSoftware": "4.3"})
    return life
