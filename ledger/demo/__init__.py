"""Five invented industrial worlds to look at, loaded over the API like anybody's own."""

from ledger.demo.loader import DemoOrganisation, KeyLost, load_demo

__all__ = ["DemoOrganisation", "KeyLost", "load_demo"]
