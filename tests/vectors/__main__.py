"""Writes the vectors anew; `tests/proofs/test_vectors.py` fails until that is done."""

from tests.vectors.making import FOLDER, make

FOLDER.mkdir(exist_ok=True)
for path in FOLDER.glob("*.json"):
    path.unlink()
for name, raw in make().items():
    (FOLDER / name).write_bytes(raw)
