"""Writes the vectors anew; `tests/proofs/test_vectors.py` fails until that is done."""

from tests.vectors import absences, archives, trusting
from tests.vectors.making import FOLDER, make, make_absences, make_archives, make_trust

for folder, made in (
    (FOLDER, make),
    (archives.FOLDER, make_archives),
    (trusting.FOLDER, make_trust),
    (absences.FOLDER, make_absences),
):
    folder.mkdir(exist_ok=True)
    files = made()
    for path in folder.iterdir():
        path.unlink()
    for name, raw in files.items():
        (folder / name).write_bytes(raw)
