"""A small, believable ledger for the pages to show."""

from __future__ import annotations

from typing import Any, Final

from tests.api.running import WAIT, Member, Running

GEARBOX: Final[dict[str, Any]] = {
    "productName": "Eight-speed gearbox 8HP51",
    "manufacturer": {
        "name": "Aurora Motors",
        "site": "Stuttgart-Zuffenhausen",
        "businessPartnerNumber": "BPNL00000007QGTF",
    },
    "partTypeInformation": {
        "manufacturerPartId": "GBX-8HP-51",
        "classification": [
            {"classificationStandard": "ECLASS", "classificationID": "34-01-02-01"},
            {"classificationStandard": "UNSPSC", "classificationID": "26101700"},
        ],
    },
    "manufacturedOn": "2026-02-17",
    "mass": {"value": 87.40, "unit": "kg"},
    "ratedTorque": {"value": 500, "unit": "N·m"},
    "oilFilled": True,
    "predecessor": None,
    "materials": ["AlSi9Cu3", "16MnCr5", "100Cr6"],
    "carbonFootprint": {
        "cradleToGate": {"value": 412.7, "unit": "kg CO₂e"},
        "declaredUnit": "piece",
        "method": "Catena-X PCF Rulebook 3.0",
        "verification": {"body": "TÜV Nord", "certificate": "PCF-2026-00871", "validUntil": None},
    },
}

NAMES: Final = (
    ("AM-HSG-000112", "Gearbox housing, cast"),
    ("AM-MTR-004471", "Traction motor 180 kW"),
    ("AM-INV-009310", "Traction inverter, SiC"),
    ("AM-BAT-000087", "Battery pack 82 kWh"),
    ("AM-AXL-002215", "Rear axle carrier"),
)


def fill(service: Running) -> tuple[Member, Member, str]:
    """Fill the ledger; gives two organisations and the asset with the longest history."""
    aurora = service.enrol("Aurora Motors")
    boreas = service.enrol("Boreas Rail Systems")
    for serial, name in NAMES:
        aurora.http.post("/v1/assets", json={"serial": serial, "document": {"name": name}})
    cradle = aurora.register("AM-TST-000001", {"name": "Test cradle"}, asset_kind="type")
    freeze(service, cradle, "Recall 2026-14: weld seam out of tolerance")
    gearbox = aurora.register("AM-GBX-000417", GEARBOX)
    aurora.append(
        gearbox,
        kind="observed",
        document={
            "bizStep": "inspecting",
            "summary": "End-of-line test passed at 512 N·m, noise 61 dB(A).",
            "testBench": "EOL-07",
            "torque": {"value": 512, "unit": "N·m"},
        },
    )
    aurora.append(
        gearbox,
        kind="revised",
        document={**GEARBOX, "mass": {"value": 88.10, "unit": "kg"}, "softwareVersion": "4.2.1"},
    )
    aurora.append(
        gearbox,
        kind="corrected",
        corrects=1,
        document={"summary": "Noise was measured at 63 dB(A): the microphone was off by 2 dB."},
    )
    aurora.append(gearbox, kind="transferred", to=boreas.did)
    boreas.append(
        gearbox,
        kind="observed",
        document={"summary": "Mounted in railcar 442-118, Görlitz works.", "bizStep": "installing"},
    )
    return aurora, boreas, gearbox


def freeze(service: Running, asset: str, reason: str) -> None:
    """Let the operator freeze an asset."""
    body = {"kind": "frozen", "document": {"reason": reason}}
    answer = service.operator.post(f"/v1/assets/{asset}/entries", json=body, headers=WAIT)
    assert answer.status_code == 201, answer.text
