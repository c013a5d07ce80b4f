"""Settings of every process, read from the environment (`ASSET_LEDGER_…`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

from ledger.errors import MalformedValue

SECRETS = "ASSET_LEDGER_SECRETS"
"""The variable that names a folder of files, each named as a setting (`asset_ledger_<field>`)."""


class Settings(BaseSettings):
    """Where things are and how they behave; each field is `ASSET_LEDGER_<FIELD>` outside."""

    model_config = SettingsConfigDict(env_prefix="ASSET_LEDGER_", extra="ignore")

    data: Path = Field(Path(".asset-ledger"), description="folder of everything that is kept")
    rpc_url: str = Field("http://127.0.0.1:8545", description="the chain's node")
    ws_url: str = Field("", description="the node's websocket; empty: at the same place")
    document_key: Path | None = Field(
        None, description="file of the key that wraps documents' keys; empty: in the data folder"
    )
    database_url: str = Field("", description="empty: SQLite in the data folder")
    manifest: Path | None = Field(None, description="what is deployed; empty: in the data folder")
    finality: Literal["tag", "dump"] = Field(
        "tag", description="the node's `finalized` tag, or the embedded chain's completed dumps"
    )
    host: str = Field("127.0.0.1", description="address the API listens on")
    port: int = Field(8000, description="port the API listens on")
    public_url: str = Field("", description="the API's address as others see it")
    explorer_documents: bool = Field(
        False, description="the explorer shows documents to whoever can reach it"
    )
    grace_seconds: int = Field(
        10, ge=0, description="seconds that requests under way have to end when it is to stop"
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="opens /metrics; empty: this machine may read them"
    )
    max_body: int = Field(4 * 1024 * 1024, description="largest request body, in bytes")
    max_bulk_body: int = Field(
        64 * 1024 * 1024, description="largest body that registers many assets, in bytes"
    )
    max_batch_body: int = Field(
        2 * 1024**3, description="largest file of a batch, in bytes, that a request may bring"
    )
    max_file: int = Field(2 * 1024**3, description="largest file that is uploaded, in bytes")
    gltf_validation: Literal["required", "off"] = Field(
        "required", description="`off`: glTF is kept though nobody looked into it"
    )
    jurisdiction: str = Field(
        "",
        pattern="^([A-Z]{2})?$",
        description="where the service and its operator are (ISO 3166-1); empty: not said",
    )
    max_queue: int = Field(1_000_000, ge=1, description="operations that may wait to be sent")
    max_queue_per_organisation: int = Field(
        200_000, ge=1, description="operations of one organisation that may wait to be sent"
    )
    max_requests_per_key: int = Field(
        300_000, ge=0, description="requests of a key in a minute; 0: as many as it likes"
    )
    max_bytes_per_key: int = Field(
        0, ge=0, description="bytes that a key sends and reads in a day; 0: any number"
    )
    max_in_flight_per_key: int = Field(
        250, ge=0, description="requests of a key that are answered at once; 0: any number"
    )
    max_requests_per_organisation: int = Field(
        600_000, ge=0, description="requests of an organisation in a minute; 0: any number"
    )
    max_bytes_per_organisation: int = Field(
        256 * 1024**3, ge=0, description="bytes that an organisation sends and reads in a day"
    )
    max_in_flight_per_organisation: int = Field(
        500, ge=0, description="requests of an organisation that are answered at once; 0: any"
    )
    max_streams_per_key: int = Field(
        20, ge=0, description="streams of events of a key that a process keeps open; 0: any number"
    )
    max_streams: int = Field(
        1_000, ge=0, description="streams of events that a process keeps open; 0: any number"
    )
    webhook_private_addresses: bool = Field(
        False, description="webhooks may have addresses that are not public"
    )
    webhook_plain_http: bool = Field(False, description="webhooks may have http URLs")
    webhook_seconds: float = Field(
        15.0, gt=0, le=60, description="how long a webhook has to answer"
    )
    webhook_give_up_seconds: float = Field(
        259_200.0, ge=0, description="a webhook that has failed for so long is paused"
    )
    webhook_log_days: int = Field(
        30, ge=0, description="days for which deliveries are kept; 0: for ever"
    )
    access_log_days: int = Field(
        400, ge=0, description="days for which it is kept who read documents; 0: for ever"
    )
    sign_in_domain: str = Field(
        "", description="the domain that wallets sign in to; empty: that of the API's address"
    )
    sign_in_seconds: int = Field(
        3600, ge=60, le=86_400, description="how long a wallet that signed in stays so"
    )
    custodians: int = Field(
        1, ge=1, le=16, description="accounts that send for organisations, each in its own lane"
    )
    custodian_signer: SecretStr = Field(
        SecretStr(""),
        description="where custodians sign, one place each, blanks between; empty: keystore",
    )
    governor_signer: SecretStr = Field(
        SecretStr(""), description="where the governor signs; empty: keystore"
    )
    keystore_password: SecretStr | None = Field(
        None, description="opens the keystore; empty: the password file in the data folder"
    )
    checkpoint_seconds: int = Field(
        3600, ge=0, description="how often the submitter signs a checkpoint; 0: never"
    )
    checkpoint_within: int = Field(
        7200, ge=0, description="seconds after which entries should be in a signed checkpoint"
    )
    anchor_rpc_url: str = Field("", description="node of the chain that checkpoints are taken to")
    anchor_manifest: Path | None = Field(
        None, description="what is deployed there; empty: anchor.json in the data folder"
    )
    anchor_within: int = Field(
        7200, ge=0, description="seconds after which a signed checkpoint should be anchored"
    )
    log: Literal["auto", "json", "text"] = Field(
        "auto", description="lines of the log: JSON objects, or text; auto: text at a terminal"
    )
    poll_seconds: float = Field(0.1, description="how often the node is asked for a new block")

    def __init__(self, **given: Any) -> None:
        """Read what is set.

        Raises:
            MalformedValue: a setting cannot be what it is set to; names the variable.
        """
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise _malformed(error, type(self).model_config["env_prefix"]) from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given goes before the environment, that before files of secrets."""
        del dotenv_settings, file_secret_settings  # one that is always there, and ours
        folder = os.environ.get(SECRETS, "")
        if not folder:
            return init_settings, env_settings
        if not Path(folder).is_dir():
            raise MalformedValue(field=SECRETS, value=folder, wanted="a folder that exists")
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, folder)

    @classmethod
    def given(cls, **options: Any) -> Self:
        """The settings, with the options that were given (not None) in their place."""
        return cls(**{name: value for name, value in options.items() if value is not None})

    def database(self) -> str:
        """The database's URL (SQLAlchemy form)."""
        return self.database_url or f"sqlite:///{(self.data / 'ledger.db').resolve()}"

    def manifest_path(self) -> Path:
        """Where the manifest lies."""
        return self.manifest or self.data / "manifest.json"

    def anchor_manifest_path(self) -> Path:
        """Where the manifest of the other chain lies."""
        return self.anchor_manifest or self.data / "anchor.json"

    def api_url(self) -> str:
        """The API's address for links and clients, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def sign_in_authority(self) -> str:
        """The domain (RFC 3986 authority) that wallets sign in to; never what a request says."""
        return self.sign_in_domain or urlsplit(self.api_url()).netloc


def _malformed(error: ValidationError, prefix: str) -> MalformedValue:
    """The first fault; a value that is secret, or may hold one, is not shown."""
    first = error.errors(include_url=False, include_context=False)[0]
    field = str(first["loc"][0]) if first["loc"] else ""
    known = Settings.model_fields.get(field)
    secret = known is None or "SecretStr" in str(known.annotation) or field.endswith("url")
    wanted = str(first["msg"]).removeprefix("Input should be ")
    value = "(not shown)" if secret else first["input"]
    return MalformedValue(field=f"{prefix}{field.upper()}", value=value, wanted=wanted)
