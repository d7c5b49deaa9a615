"""A small site's files, to be changed by each test."""

import os

import pytest

FILES = {
    "classroom.toml": '[site]\nkey = "helsingborg"\n',
    "schools.csv": "key,name,municipality,school_hours\nnorra,Norra skolan,Helsingborg,08:00-15:00\n",
    "rooms.csv": "school,key,name,area_m2,ventilation\nnorra,a1,Sal A1,60,FTX\nnorra,a2,Sal A2,58.5,F\n",
    "meters.csv": (
        "school,key,name,carrier,role,parent\n"
        "norra,el,El,electricity,main,\n"
        "norra,kok,Kök,electricity,sub,el\n"
    ),
    "devices.csv": (
        "key,school,room,meter,interval_s\n0011223344556677,norra,a1,,300\nnorra/el,norra,,el,900\n"
    ),
}


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("CLASSROOM_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def texts() -> dict[str, str]:
    """Texts of a good site by file name."""
    return dict(FILES)
