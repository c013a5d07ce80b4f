"""The chain's node, seen from us: asking it, running one, signing for it, calling the ledger."""

import sys

# Here first, as web3 and eth-account bring it: it raises the limit to a depth that no thread's
# stack bears, where JSON nested as deep would end the process instead of being refused.
_limit = sys.getrecursionlimit()
import py_ecc  # noqa: E402, F401

sys.setrecursionlimit(_limit)

# httpx brings its own command line, where there is what that needs: half of all that it imports.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
