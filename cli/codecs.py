"""Reading a site's own codecs: ``codecs/NAME.js`` with ``codecs/NAME.toml`` beside it."""

from __future__ import annotations

from pathlib import Path

from classroom.faults import ConfigurationError, Fault
from ingest.codecs.codec import Codec, parse_codec


def codecs_folder(folder: Path) -> Path:
    """Where a site keeps its codecs."""
    return folder / "codecs"


def load_codecs(folder: Path) -> list[Codec]:
    """The checked codecs of the site in ``folder``, by name.

    Raises:
        ConfigurationError: with every fault of every file.
    """
    codecs: list[Codec] = []
    faults: list[Fault] = []
    for mapping in sorted(codecs_folder(folder).glob("*.toml")):
        try:
            codecs.append(load_codec(mapping.with_suffix(".js"), mapping))
        except ConfigurationError as error:
            faults += error.faults
    lonely = (s for s in sorted(codecs_folder(folder).glob("*.js")) if not s.with_suffix(".toml").exists())
    cure = "write its mapping beside it, or remove the script"
    faults += [Fault(str(script), "(file)", "has no mapping", cure) for script in lonely]
    if faults:
        raise ConfigurationError(faults)
    return codecs


def load_codec(script: Path, mapping: Path) -> Codec:
    """A codec from a script and a mapping; its name is the script's.

    Raises:
        ConfigurationError: a file cannot be read, or :func:`ingest.codecs.codec.parse_codec` refuses it.
    """
    return parse_codec(script.stem, read_text(script), read_text(mapping), str(mapping))


def read_text(path: Path) -> str:
    """A file's text.

    Raises:
        ConfigurationError: it is missing, cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        fault = Fault(str(path), "(encoding)", f"byte {error.start}", "save the file as UTF-8")
    except OSError as error:
        fault = Fault(str(path), "(file)", str(error.strerror), "name a file that can be read")
    raise ConfigurationError([fault])
