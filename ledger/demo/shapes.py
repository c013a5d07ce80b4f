"""Documents in the shape that industry exchanges them in, written by us and free of real names.

Each function is one shape; what varies are its arguments. Names of fields are the standards' own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.demo.story import Enterprise, Json, gtin, item, urn


def serial_part(
    maker: Enterprise, product: str, name: str, serial: str, built: str, **more: Any
) -> Json:
    """One part as it was made (the shape of Catena-X's aspect SerialPart)."""
    return {
        "catenaXId": urn(maker.host, serial),
        "localIdentifiers": [
            {"key": "partInstanceId", "value": serial},
            {"key": "manufacturerId", "value": maker.did},
        ],
        "manufacturingInformation": {
            "date": built,
            "country": maker.country,
            "sites": [{"name": maker.city, "function": "production"}],
        },
        "partTypeInformation": {
            "manufacturerPartId": product,
            "nameAtManufacturer": name,
            "gtin": gtin(maker, product),
        },
        **more,
    }


def part_type(maker: Enterprise, product: str, name: str, valid_from: str, **more: Any) -> Json:
    """A kind of part, before any is made (the shape of Catena-X's aspect PartAsPlanned)."""
    return {
        "catenaXId": urn(maker.host, product),
        "partTypeInformation": {"manufacturerPartId": product, "nameAtManufacturer": name},
        "validityPeriod": {"validFrom": valid_from},
        **more,
    }


def batch(
    maker: Enterprise, product: str, name: str, number: str, built: str, quantity: str, **more: Any
) -> Json:
    """Things made together that nobody tells apart (the shape of Catena-X's aspect Batch)."""
    return {
        "catenaXId": urn(maker.host, number),
        "localIdentifiers": [{"key": "batchId", "value": number}],
        "manufacturingInformation": {"date": built, "country": maker.country},
        "partTypeInformation": {"manufacturerPartId": product, "nameAtManufacturer": name},
        "quantity": quantity,
        **more,
    }


def as_built(maker: Enterprise, serial: str, children: Mapping[str, str], built: str) -> Json:
    """What a thing was assembled from, by the place of each part (SingleLevelBomAsBuilt)."""
    return {
        "catenaXId": urn(maker.host, serial),
        "childItems": [
            {"position": place, "localIdentifier": child, "quantity": {"value": 1, "unit": "piece"}}
            for place, child in children.items()
        ],
        "createdOn": built,
    }


def nameplate(
    maker: Enterprise, product: str, serial: str, year: int, names: Mapping[str, str], **more: Any
) -> Json:
    """A machine's plate (the shape of IDTA 02006, Digital Nameplate, values only)."""
    return {
        "modelType": "Submodel",
        "idShort": "Nameplate",
        "semanticId": "https://admin-shell.io/zvei/nameplate/2/0/Nameplate",
        "URIOfTheProduct": item(maker, product, serial),
        "ManufacturerName": maker.name,
        "ManufacturerProductDesignation": [
            {"language": language, "text": text} for language, text in names.items()
        ],
        "ManufacturerProductType": product,
        "SerialNumber": serial,
        "YearOfConstruction": str(year),
        "CountryOfOrigin": maker.country,
        **more,
    }


def battery_passport(
    maker: Enterprise, product: str, serial: str, built: str, health: float, **more: Any
) -> Json:
    """A battery's passport (the fields of Regulation (EU) 2023/1542, Annex XIII, in short)."""
    return {
        "identification": {
            "batteryId": item(maker, product, serial),
            "category": "EV",
            "manufacturer": maker.did,
            "manufacturingDate": built,
            "manufacturingPlace": f"{maker.city}, {maker.country}",
        },
        "chemistry": {"name": "LiFePO4", "criticalRawMaterials": ["Li", "graphite"]},
        "performance": {
            "ratedCapacity": {"value": 156.0, "unit": "A·h"},
            "nominalVoltage": {"value": 384.0, "unit": "V"},
            "stateOfHealth": {"value": health, "unit": "%"},
        },
        "carbonFootprint": {"value": 61.4, "unit": "kg CO2e/kWh", "performanceClass": "B"},
        "recycledContent": {"lithium": 6.5, "lead": 0.0, "unit": "%"},
        **more,
    }


def event(
    place: Enterprise,
    thing: str,
    when: str,
    step: str,
    disposition: str = "conformant",
    readings: Mapping[str, tuple[float, str]] | None = None,
    **more: Any,
) -> Json:
    """Something that happened to `thing` (an EPCIS 2.0 ObjectEvent; GS1 EPCIS, 7.4.2).

    `readings` gives each measured quantity with its unit, as a sensor report (7.3.7).
    """
    reports = [
        {"type": quantity, "value": value, "uom": unit}
        for quantity, (value, unit) in (readings or {}).items()
    ]
    return {
        "@context": "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld",
        "type": "ObjectEvent",
        "eventID": urn(thing, when, step),
        "eventTime": when,
        "eventTimeZoneOffset": place.offset,
        "epcList": [thing],
        "action": "OBSERVE",
        "bizStep": step,
        "disposition": disposition,
        "readPoint": {"id": f"https://id.{place.host}/414/{place.city}"},
        **({"sensorElementList": [{"sensorReport": reports}]} if reports else {}),
        **more,
    }


def erratum(when: str, was: object, correct: object, field: str, why: str) -> Json:
    """What an entry said wrongly, and what is right (EPCIS 2.0 calls it an error declaration)."""
    return {
        "errorDeclaration": {"declarationTime": when, "reason": "incorrect_data"},
        "field": field,
        "was": was,
        "is": correct,
        "explanation": why,
    }


def certificate(
    issuer: Enterprise, kinds: Sequence[str], subject: str, issued: str, **claims: Any
) -> Json:
    """A statement that its issuer answers for (the shape of W3C VC Data Model 2.0, unsigned)."""
    return {
        "@context": ["https://www.w3.org/ns/credentials/v2"],
        "type": ["VerifiableCredential", *kinds],
        "id": urn(issuer.host, subject, issued),
        "issuer": {"id": issuer.did, "name": issuer.name},
        "validFrom": issued,
        "credentialSubject": {"id": subject, **claims},
    }


def software(maker: Enterprise, serial: str, version: str, parts: Mapping[str, str]) -> Json:
    """What runs on a device (a CycloneDX 1.6 bill of materials, in short)."""
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": urn(maker.host, serial, version),
        "version": 1,
        "metadata": {"component": {"type": "firmware", "name": serial, "version": version}},
        "components": [
            {"type": "library", "name": name, "version": its} for name, its in parts.items()
        ],
    }


def notice(number: str, when: str, measure: str, grounds: str, **more: Any) -> Json:
    """Why the operator froze an asset, or let it go."""
    return {"notice": number, "date": when, "measure": measure, "grounds": grounds, **more}
