"""The organisations of the demo; all of them are invented."""

from __future__ import annotations

from typing import Final

from ledger.demo.story import Enterprise

# Automotive
KRAEHENBACH: Final = Enterprise(
    "kraehenbach.example", "Krähenbach Getriebe GmbH", "DE", "Tuttlingen", "+01:00"
)
FALKENRIED: Final = Enterprise(
    "falkenried.example", "Falkenried Automobile AG", "DE", "Braunschweig", "+01:00"
)
LANXI: Final = Enterprise(
    "lanxi-battery.example", "澜溪动力电池有限公司", "CN", "金华", "+08:00"
)  # Lanxi Traction Batteries

# Aerospace
VAUCLAIR: Final = Enterprise(
    "vauclair.example", "Aubes de Vauclair SAS", "FR", "Gennevilliers", "+01:00"
)
CALEDON: Final = Enterprise("caledon.example", "Caledon Aero Engines plc", "GB", "Prestwick")
TRANSANDINA: Final = Enterprise(
    "transandina.example", "Transandina Líneas Aéreas S.A.", "CL", "Santiago", "-03:00"
)

# Shipbuilding
WANGCHAO: Final = Enterprise(
    "wangchao.example", "望潮船舶重工有限公司", "CN", "舟山", "+08:00"
)  # Wangchao Shipbuilding Heavy Industry
HAVSTEIN: Final = Enterprise(
    "havstein.example", "Havstein Motor AS", "NO", "Kristiansund", "+01:00"
)
HANBADA: Final = Enterprise(
    "hanbada.example", "한바다선급", "KR", "부산", "+09:00"
)  # Hanbada Register of Shipping

# Energy
ENNSFELD: Final = Enterprise(
    "ennsfeld.example", "Ennsfeld Transformatoren GmbH", "AT", "Steyr", "+01:00"
)
ALMENDRA: Final = Enterprise(
    "almendra.example", "Vientos de Almendra S.A.", "ES", "Zamora", "+01:00"
)

# Electronics
XINGDU: Final = Enterprise(
    "xingdu.example", "星渡电路股份有限公司", "CN", "苏州", "+08:00"
)  # Xingdu Circuits
KITANOSAWA: Final = Enterprise(
    "kitanosawa.example", "北野沢センサー株式会社", "JP", "諏訪", "+09:00"
)  # Kitanosawa Sensor

ENTERPRISES: Final = (
    KRAEHENBACH,
    FALKENRIED,
    LANXI,
    VAUCLAIR,
    CALEDON,
    TRANSANDINA,
    WANGCHAO,
    HAVSTEIN,
    HANBADA,
    ENNSFELD,
    ALMENDRA,
    XINGDU,
    KITANOSAWA,
)
