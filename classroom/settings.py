"""Settings of a site: ``classroom.toml`` with ``CLASSROOM_…`` environment variables above it.

Built at the entry points only (``cli``); everything below is handed what it needs.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from classroom.access import LOOPBACK, AccessSettings
from classroom.places import PATTERN_CURES, Key, Text
from classroom.report_settings import ReportSettings, SmtpSettings
from classroom.section import Section
from classroom.topics import filter_fault, overlap_fault


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError('not an IANA time zone; write for example "Europe/Stockholm"')
    return name


def _usable_filter(text: str) -> str:
    if fault := filter_fault(text):
        raise ValueError(fault)
    return text


def _apart(filters: tuple[str, ...]) -> tuple[str, ...]:
    if fault := overlap_fault(filters):
        raise ValueError(fault)
    return filters


SETTINGS_FILE = "classroom.toml"

_SERVER = r"^https?://[^/\s]+$"
_NAME = r"^[a-z0-9][a-z0-9-]{0,31}$"
PATTERN_CURES[_NAME] = "write up to 32 small letters, digits and hyphens, for example north"
PATTERN_CURES[_SERVER] = "write http://HOST:PORT or https://HOST:PORT, without a path"

Port = Annotated[int, Field(ge=1, le=65_535)]


class SiteSettings(Section):
    """The site itself."""

    key: Key = "site"
    name: Text = "Skolor"
    time_zone: Annotated[str, AfterValidator(_known_zone)] = "Europe/Stockholm"
    language: Literal["sv", "en"] = "sv"

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.time_zone)


class MqttSettings(Section):
    """Where readings come from."""

    host: str = "127.0.0.1"
    port: Port = 1883
    protocol: Literal["5", "3.1.1"] = "5"
    client_id: Annotated[str, Field(min_length=1, max_length=64)] = "classroom-climate"
    topics: Annotated[
        tuple[Annotated[str, AfterValidator(_usable_filter)], ...],
        Field(min_length=1),
        AfterValidator(_apart),
    ] = ("#",)
    share: Key | None = None
    username: str | None = None
    password_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    receive_maximum: Annotated[int, Field(ge=1, le=65_535)] = 2_000
    session_expiry_s: Annotated[int, Field(ge=0, le=2**32 - 1)] = 7 * 86_400
    keepalive_s: Annotated[int, Field(ge=5, le=3_600)] = 60

    @property
    def filters(self) -> tuple[str, ...]:
        """What is subscribed: the topics, as one of a group of ingesters if ``share`` names it."""
        if self.share is None:
            return self.topics
        return tuple(f"$share/{self.share}/{text}" for text in self.topics)

    def beside(self, folder: Path) -> MqttSettings:
        """The same with its files named from ``folder``, where they are not named absolutely."""
        names = ("password_file", "ca_file", "cert_file", "key_file")
        files = {name: path for name in names if (path := getattr(self, name)) is not None}
        return self.model_copy(update={name: folder / path for name, path in files.items()})


class IngestSettings(Section):
    """How messages are kept and checked; ``name`` is given to each of several ingesters beside one store."""

    name: Annotated[str, Field(pattern=_NAME)] | None = None
    spool_limit_mb: Annotated[int, Field(ge=1)] = 2_000
    spool_reserve_mb: Annotated[int, Field(ge=0)] = 100
    dead_letters_limit_mb: Annotated[int, Field(ge=1)] = 1_000
    payload_limit_bytes: Annotated[int, Field(ge=256, le=16_777_216)] = 65_536
    backfill_days: Annotated[int, Field(ge=0, le=36_500)] = 400
    clock_tolerance_s: Annotated[int, Field(ge=1, le=86_400)] = 600


class StoreSettings(Section):
    """Where readings and metrics are kept: a file of this process's own, or a bucket of InfluxDB 2.x.

    Of the two tokens one may write the bucket, the other read it; neither needs more.
    """

    kind: Literal["duckdb", "influxdb"] = "duckdb"
    url: Annotated[str, Field(pattern=_SERVER)] = "http://127.0.0.1:8086"
    org: Text = "classroom-climate"
    bucket: Text = "classroom-climate"
    write_token_file: Path | None = None
    read_token_file: Path | None = None
    timeout_s: Annotated[float, Field(ge=1, le=600)] = 60
    room_readings_months: Annotated[int, Field(ge=1, le=1_200)] = 24
    room_hours_years: Annotated[int, Field(ge=1, le=100)] = 5

    @model_validator(mode="after")
    def _tokens_are_named(self) -> StoreSettings:
        if self.kind == "influxdb" and None in (self.write_token_file, self.read_token_file):
            raise ValueError(
                "store.kind influxdb needs store.write_token_file and store.read_token_file; "
                "`classroom-climate store init` makes bucket and tokens"
            )
        return self


class ApiSettings(Section):
    """Where the API and its pages listen; ``names`` are further host names by which programs may call it."""

    host: str = "127.0.0.1"
    port: Port = 8000
    names: tuple[Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{0,252}$")], ...] = ()


class AnalyticsSettings(Section):
    """Limits of the metrics; see docs/metrics.md for their sources. ``processes`` compute them beside the one
    that holds the store, each with some 200 MB.
    """

    every_s: Annotated[int, Field(ge=1, le=86_400)] = 60
    processes: Annotated[int, Field(ge=1, le=64)] = 2
    co2_limit_ppm: Annotated[float, Field(ge=500, le=5_000)] = 1_000
    co2_high_ppm: Annotated[float, Field(ge=500, le=10_000)] = 1_400
    comfort_low_c: Annotated[float, Field(ge=10, le=25)] = 20
    comfort_high_c: Annotated[float, Field(ge=15, le=35)] = 24
    summer_high_c: Annotated[float, Field(ge=15, le=35)] = 26

    @model_validator(mode="after")
    def _comfort_is_a_span(self) -> AnalyticsSettings:
        if not self.comfort_low_c < self.comfort_high_c <= self.summer_high_c:
            raise ValueError("comfort_low_c must be below comfort_high_c, and that not above summer_high_c")
        if not self.co2_limit_ppm <= self.co2_high_ppm:
            raise ValueError("co2_high_ppm must not be below co2_limit_ppm")
        return self


class TargetSettings(Section):
    """What the site wants to reach: so many per cent below the energy that its weather and kinds of day would
    give, by the year before. None: no target is shown.
    """

    saving_pct: Annotated[float, Field(ge=0, le=90)] | None = None


class ImportSettings(Section):
    """Where files are dropped that a site takes in, relative to its folder; see docs/import.md."""

    folder: Path = Path("imports")
    file_limit_mb: Annotated[int, Field(ge=1, le=100_000)] = 500


class FactorSettings(Section):
    """Ids of the emission factors this site has chosen, shipped or from ``factors.csv``.

    For a carrier and basis either direct and upstream factors, or a lifecycle factor that holds both: never
    one beside the other.
    """

    chosen: tuple[str, ...] = ("se-el-eea-2024", "se-el-ei-residual-2023")


class _Environment(EnvSettingsSource):
    """``CLASSROOM_SECTION__KEY``; a variable without ``__`` is another's (``CLASSROOM_SITE`` is a folder)."""

    def __call__(self) -> dict[str, Any]:
        """Values by section; a section nobody knows is handed on, so that it is refused, not overlooked."""
        values = super().__call__()
        for name, value in self.env_vars.items():
            section, divider, _ = name.removeprefix(self.env_prefix.lower()).partition("__")
            if (
                name.startswith(self.env_prefix.lower())
                and divider
                and section not in self.settings_cls.model_fields
            ):
                values.setdefault(section, value)
        return values

    def prepare_field_value(
        self,
        field_name: str,
        field: FieldInfo,
        value: Any,  # noqa: ANN401
        value_is_complex: bool,
    ) -> Any:  # noqa: ANN401
        """The section's keys; a variable that bears the section's own name is not looked at."""
        del value
        return super().prepare_field_value(field_name, field, None, value_is_complex)

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: Any) -> Any:  # noqa: ANN401
        """Lists as JSON or simply with commas."""
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            return [part.strip() for part in str(value).split(",")]


class Settings(BaseSettings):
    """All settings of a site."""

    model_config = SettingsConfigDict(
        env_prefix="CLASSROOM_", env_nested_delimiter="__", extra="forbid", frozen=True
    )

    site: SiteSettings = SiteSettings()
    mqtt: MqttSettings = MqttSettings()
    ingest: IngestSettings = IngestSettings()
    store: StoreSettings = StoreSettings()
    access: AccessSettings = AccessSettings()
    api: ApiSettings = ApiSettings()
    analytics: AnalyticsSettings = AnalyticsSettings()
    targets: TargetSettings = TargetSettings()
    factors: FactorSettings = FactorSettings()
    imports: ImportSettings = ImportSettings()
    reports: ReportSettings = ReportSettings()
    smtp: SmtpSettings = SmtpSettings()

    @field_validator("api")
    @classmethod
    def _others_are_asked_who_they_are(cls, api: ApiSettings, info: ValidationInfo) -> ApiSettings:
        access = info.data.get("access")
        if api.host not in LOOPBACK and access is not None and access.url is None:
            raise ValueError(
                "without access.url nobody is asked who he is, so the service listens on 127.0.0.1 only; "
                "say in [access] who may see what (docs/access.md)"
            )
        return api

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment stands above the file, whose content is handed in as keywords."""
        del env_settings, dotenv_settings, file_secret_settings
        return _Environment(settings_cls), init_settings


def build_settings(content: dict[str, Any]) -> Settings:
    """Settings from a parsed ``classroom.toml`` and the process environment.

    Raises:
        pydantic.ValidationError: with every key that is wrong.
    """
    return Settings(**content)


def origin(key: str) -> str:
    """Where the value of ``section.key`` came from, for people: its environment variable or the file."""
    variable = "__".join(["CLASSROOM_" + key.split(".")[0], *key.split(".")[1:2]]).upper()
    for name in os.environ:
        if name.upper() == variable or name.upper().startswith(f"{variable}__"):
            return f"environment {name}"
    return SETTINGS_FILE
