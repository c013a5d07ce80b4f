"""Writes the vectors anew; `tests/proofs/test_vectors.py` fails until that is done."""

from tests.vectors import archives
from tests.vectors.making import FOLDER, make, make_archives

for folder, made in ((FOLDER, make), (archives.FOLDER, make_archives)):
    folder.mkdir(exist_ok=True)
    files = made()
    for path in folder.iterdir():
        path.unlink()
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
