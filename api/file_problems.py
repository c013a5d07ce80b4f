"""The problems of files and of documents that schemas describe; a part of `api.problems`."""

from __future__ import annotations

from typing import Final

FILE_PROBLEMS: Final = (
    (
        "media_type_mismatch",
        415,
        "The file is not what it is said to be",
        "The file begins otherwise than files of its Content-Type do. `declared` and `found` name "
        "both: send it with the media type that it is of.",
    ),
    (
        "invalid_file",
        422,
        "The file is broken",
        "The file is not what its format asks for. `errors` names each place (a JSON Pointer, or "
        "the name of a part) and what is wrong there. Nothing of it is kept.",
    ),
    (
        "schema_violation",
        422,
        "The document does not fit its schema",
        "`errors` names each place (a JSON Pointer), the `rule` that is broken there, and the "
        "value; `schema` is the schema that says so.",
    ),
    (
        "unusable_schema",
        422,
        "The schema cannot be used",
        "It is no JSON Schema of a draft that is known, refers to what is not in it, is not kept "
        "here, or takes too long. Nothing is taken in under a schema that cannot be checked.",
    ),
    (
        "export_refused",
        403,
        "The document may not leave its jurisdiction",
        "Its data class is important or core (GB/T 43697), you are of another jurisdiction, and no "
        "entry on the ledger releases it to yours. Somebody of its own jurisdiction may do that.",
    ),
    (
        "no_jurisdiction",
        409,
        "Your jurisdiction is not known",
        "Important and core documents stay where you are, which the operator has to say first.",
    ),
    (
        "file_taken",
        409,
        "The file belongs to another subject",
        "An entry about another subject names this file, and a file is about one. Upload it again.",
    ),
    (
        "file_named",
        409,
        "Something points at the file",
        "An entry points at this file, or an operation on its way does; `by` names it. What stands "
        "on the ledger is destroyed by an entry `erased` of `subject`, and what waits can be "
        "cancelled first.",
    ),
    (
        "document_gone",
        410,
        "What it was about was destroyed",
        "The file that this request was about was taken back, or its document erased. A key stands "
        "for one request for ever: to upload again, use a new one.",
    ),
    (
        "range_not_satisfiable",
        416,
        "No such bytes",
        "The document ends before the range that is asked for; Content-Range tells its size.",
    ),
    (
        "validator_missing",
        503,
        "glTF cannot be validated here",
        "This service has no Node.js or no glTF validator, and keeps no glTF unvalidated. "
        "The operator has to install them, or to set ASSET_LEDGER_GLTF_VALIDATION to `off`.",
    ),
)
"""Code, status, title and meaning of each."""
