"""The assets that all loads register: parts with a passport of some 400 bytes, each another."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def registration(serial: str) -> bytes:
    """The request body that registers a part, which is a line of a JSON Lines file as well."""
    return json.dumps({"serial": serial, "document": part(serial)}).encode()


def part(serial: str) -> dict[str, Any]:
    """The document of a part; the same for the same serial."""
    drawn = hashlib.sha256(serial.encode()).digest()
    return {
        "name": "Planetary gearbox, stage 2",
        "manufacturer": "Bench Drives",
        "part_number": f"GBX-{drawn[0]:03d}-{drawn[1]:03d}",
        "serial": serial,
        "made": f"2026-{drawn[2] % 12 + 1:02d}-{drawn[3] % 28 + 1:02d}",
        "mass_kg": 1800 + drawn[4] / 4,
        "ratio": f"1:{60 + drawn[5] % 60}",
        "material": "18CrNiMo7-6, case-hardened",
        "inspection": {"runout_um": drawn[6], "noise_db": 60 + drawn[7] % 20, "passed": True},
        "melt": drawn[8:16].hex(),
    }
