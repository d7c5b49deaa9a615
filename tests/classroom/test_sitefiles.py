"""A site's files: what good ones become, and that bad ones name file, key, value and cure, all at once."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from classroom.faults import ConfigurationError, Fault
from classroom.places import MeterRole, Room, Ventilation
from classroom.sitefiles import parse_site
from classroom.tables import read_table


def faults(texts: dict[str, str]) -> list[Fault]:
    with pytest.raises(ConfigurationError) as caught:
        parse_site(texts)
    return list(caught.value.faults)


def test_good_files_become_a_site(texts: dict[str, str]) -> None:
    site = parse_site(texts)
    assert site.settings.site.key == "helsingborg"
    assert [room.key for room in site.rooms_of("norra")] == ["a1", "a2"]
    assert site.room_by_key["norra", "a2"].area_m2 == 58.5
    assert site.room_by_key["norra", "a1"].ventilation is Ventilation.FTX
    assert [meter.key for meter in site.meters_of("norra", role=MeterRole.SUB)] == ["kok"]
    placed = site.placement("0011223344556677", datetime(2026, 11, 2, tzinfo=UTC))
    assert placed is not None
    assert (placed.room, placed.meter, placed.interval_s) == ("a1", None, 300)


def test_a_table_that_would_be_empty_may_be_missing(texts: dict[str, str]) -> None:
    site = parse_site({"classroom.toml": ""})
    assert site.schools == []
    assert site.settings.site.time_zone == "Europe/Stockholm"


def test_a_table_from_swedish_excel(texts: dict[str, str]) -> None:
    texts["rooms.csv"] = (
        "\ufeffschool;key;name;area_m2;openable_windows;;\r\n"
        '# rum; mätta "2024;;;;;\r\n'
        "norra;a1;Sal A1, gamla huset;60,25;ja;;\r\n"
        ";;;;;;\r\n"
        "norra;a2;Ö-salen;7;FALSKT;;\r\n"
    )
    first, second = parse_site(texts).rooms
    assert (first.name, first.area_m2, first.openable_windows) == ("Sal A1, gamla huset", 60.25, True)
    assert (second.name, second.area_m2, second.openable_windows) == ("Ö-salen", 7.0, False)


def test_comments_may_hold_commas_and_stand_above_the_header(texts: dict[str, str]) -> None:
    texts["schools.csv"] = "# one, two, three, four, five, six\nkey,name\n# a, b, c, d\n\nnorra,Norra\n"
    texts["rooms.csv"] = "school,key,name\nnorra,a1,A\nnorra,a1,B\n"
    assert [fault.file for fault in faults(texts)] == ["rooms.csv"]


def test_a_decimal_comma_in_a_table_with_commas_needs_quotes(texts: dict[str, str]) -> None:
    texts["rooms.csv"] = 'school,key,name,area_m2\nnorra,a1,A1,"60,5"\n'
    assert parse_site(texts).rooms[0].area_m2 == 60.5
    texts["rooms.csv"] = "school,key,name,area_m2\nnorra,a1,A1,60,5\n"
    (fault,) = faults(texts)
    assert (fault.file, fault.key, fault.value) == ("rooms.csv", "line 2, end", "['5']")
    assert "comma" in fault.cure


def test_a_dev_eui_is_found_however_its_sticker_prints_it(texts: dict[str, str]) -> None:
    texts["devices.csv"] = "key,school,room\nA81758FFFE0312AB,norra,a1\nMeter-7,norra,a2\n"
    assert [device.key for device in parse_site(texts).devices] == ["a81758fffe0312ab", "Meter-7"]


def test_dates_without_an_offset_are_local(texts: dict[str, str]) -> None:
    texts["devices.csv"] = (
        "key,school,room,valid_from,valid_to\n"
        "d,norra,a1,2026-01-10,2026-06-15T12:00\n"
        "d,norra,a2,2026-06-15T12:00,2026-08-01T00:00:00Z\n"
    )
    first, second = parse_site(texts).devices
    assert first.valid_from == datetime(2026, 1, 9, 23, tzinfo=UTC)
    assert first.valid_to == second.valid_from == datetime(2026, 6, 15, 10, tzinfo=UTC)
    assert second.valid_to == datetime(2026, 8, 1, tzinfo=UTC)


def test_all_faults_are_told_at_once(texts: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLASSROOM_API__PORT", "many")
    texts["classroom.toml"] = '[site]\ntime_zone = "Europe/Helsingborg"\n[mqtt]\nprot = 1\n'
    texts["schools.csv"] = "key,name\nNorra Skolan,Norra\nsodra,Södra\n"
    texts["rooms.csv"] = "school,key,name,persons\nsodra,a1,A1,många\n"
    texts["meters.csv"] = "school,key,name,carrier\nsodra,el,El,coal\nvastra,el,El,gas\n"
    texts["devices.csv"] = "key,school,room,meter,intervall\nd,sodra,a1,,60\ne,sodra,,el,60\nf,sodra,b9,,60\n"
    told = [(fault.file, fault.key, fault.value) for fault in faults(texts)]
    assert sorted(told) == sorted(
        [
            ("classroom.toml", "site.time_zone", "'Europe/Helsingborg'"),
            ("classroom.toml", "mqtt.prot", "1"),
            ("environment CLASSROOM_API__PORT", "api.port", "'many'"),
            ("schools.csv", "line 2, key", "'Norra Skolan'"),
            ("rooms.csv", "line 2, persons", "'många'"),
            ("meters.csv", "line 2, carrier", "'coal'"),
            ("meters.csv", "el.school", "'vastra'"),
            ("devices.csv", "column 'intervall'", "in the header"),
            ("devices.csv", "f.room", "'b9'"),  # d and e rightly name rows that have faults of their own
        ]
    )


@pytest.mark.parametrize(
    ("file", "text", "key", "value", "cure"),
    [
        ("classroom.toml", "[site\n", "(syntax)", "Expected ']'", "correct the TOML"),
        (
            "classroom.toml",
            "[api]\nhost = '0.0.0.0'\n",
            "api",
            "'host': '0.0.0.0'",
            "listens on 127.0.0.1 only",
        ),
        (
            "classroom.toml",
            "[ingest]\nspool_limit_mb = 0\n",
            "ingest.spool_limit_mb",
            "0",
            "write 1 or more",
        ),
        ("classroom.toml", "[analytics]\ncomfort_low_c = 25\n", "analytics", "25", "must be below"),
        (
            "classroom.toml",
            '[factors]\nchosen = ["x"]\n',
            "factors.chosen",
            "'x'",
            "others go into factors.csv",
        ),
        ("schools.csv", "key,name\nNorra,N\n", "line 2, key", "'Norra'", "lower-case letters"),
        ("schools.csv", "name\nNorra\n", "line 2, key", "missing", "add it"),
        ("schools.csv", "key,key,name\nnorra,norra,N\n", "column 'key'", "in the header", "stands twice"),
        (
            "schools.csv",
            "key,name,school_hours\nnorra,N,8-15\n",
            "line 2, school_hours",
            "'8-15'",
            "08:00-15:00",
        ),
        (
            "schools.csv",
            "key,name,school_hours\nnorra,N,15:00-08:00\n",
            "norra",
            "15:00-08:00",
            "must be after",
        ),
        (
            "schools.csv",
            "key,name,school_hours\nnorra,N,08:00-25:00\n",
            "norra",
            "08:00-25:00",
            "write hours as",
        ),
        ("schools.csv", "key,name\nnorra,N\nnorra,M\n", "key", "norra", "stands twice"),
        ("schools.csv", "key,name\nnorra,N\x00\n", "line 2, name", "x00", "control characters"),
        ("schools.csv", 'key,name\nnorra,"' + "N" * 200_000, "line ", "field larger", "CSV UTF-8"),
        (
            "rooms.csv",
            "school,key,name,area_m2\nnorra,a1,A,-3\n",
            "line 2, area_m2",
            "'-3'",
            "write more than 0",
        ),
        (
            "rooms.csv",
            "school,key,name,area_m2\nnorra,a1,A,nan\n",
            "line 2, area_m2",
            "'nan'",
            "write a number",
        ),
        (
            "rooms.csv",
            "school,key,name,building\nnorra,a1,A,hus-a\n",
            "a1.building",
            "'hus-a'",
            "no such building",
        ),
        ("devices.csv", "key,school,room,meter\nd,norra,a1,el\n", "d", "room=a1 meter=el", "exactly one"),
        ("devices.csv", "key,school\nd,norra\n", "d", "room=None meter=None", "exactly one"),
        ("devices.csv", "key,school,room\nd,norra,a1\nd,norra,a2\n", "d", "a1 and a2", "one place at a time"),
        (
            "devices.csv",
            "key,school,room,valid_from,valid_to\nd,norra,a1,2026-02-01,2026-01-01\n",
            "d",
            "2026-01-31 23:00:00+00:00 to 2025-12-31 23:00:00+00:00",
            "the end must be after the start",
        ),
        (
            "devices.csv",
            "key,school,room,valid_from\nd,norra,a1,igår\n",
            "line 2, valid_from",
            "'igår'",
            "write a time as",
        ),
        (
            "meters.csv",
            "school,key,name,carrier,role\nnorra,el,E,gas,sub\n",
            "el.parent",
            "None",
            "names its parent",
        ),
        (
            "meters.csv",
            "school,key,name,carrier,role,parent\nnorra,el,E,gas,sub,x\n",
            "el.parent",
            "'x'",
            "no such",
        ),
        (
            "meters.csv",
            "school,key,name,carrier,role,parent\nnorra,el,E,gas,main,\nnorra,u,U,solar,sub,el\n",
            "u.parent",
            "el",
            "carries something else",
        ),
        (
            "meters.csv",
            "school,key,name,carrier,valid_to\nnorra,el,E,gas,\nnorra,el,E,gas,2026-01-01\n",
            "norra el",
            "stands twice at a time",
            "counted twice",
        ),
        (
            "meters.csv",
            "school,key,name,carrier,share\nnorra,el,E,gas,1.5\n",
            "line 2, share",
            "'1.5'",
            "write 1 or less",
        ),
        (
            "calendar.csv",
            "first,last,day_type\n2026-03-02,2026-03-01,lov\n",
            "lov",
            "2026-03-02 to",
            "not be before",
        ),
        (
            "calendar.csv",
            "first,last,day_type\n2026-03-02,2026-03-02,ferie\n",
            "line 2, day_type",
            "'ferie'",
            "write one of term, school_day, lov",
        ),
        (
            "calendar.csv",
            "municipality,first,last,day_type\nHelsinborg,2026-03-02,2026-03-02,lov\n",
            "2026-03-02.municipality",
            "'Helsinborg'",
            "no school lies there",
        ),
        (
            "calendar.csv",
            "first,last,day_type\n2026-03-02,2026-03-02,hired_evening\n",
            "2026-03-02.hours",
            "missing",
            "18:00-21:00",
        ),
        (
            "lessons.csv",
            "school,room,weekday,start,end\nnorra,a1,8,08:00,09:00\n",
            "line 2, weekday",
            "'8'",
            "7",
        ),
        (
            "lessons.csv",
            "school,room,weekday,start,end\nnorra,a1,1,8:00,09:00\n",
            "line 2, start",
            "'8:00'",
            "08:10",
        ),
        (
            "lessons.csv",
            "school,room,weekday,start,end\nnorra,a1,1,09:00,08:00\n",
            "a1",
            "09:00-08:00",
            "after",
        ),
        ("factors.csv", "id,carrier,year\nx,gas,2024\n", "line 2, g_per_kwh", "missing", "add it"),
    ],
)
def test_a_fault_names_file_key_value_and_cure(
    texts: dict[str, str], file: str, text: str, key: str, value: str, cure: str
) -> None:
    texts[file] = text
    if file == "schools.csv":  # only the schools themselves are looked at
        texts = {"classroom.toml": "", file: text}
    found = [
        fault
        for fault in faults(texts)
        if fault.file == file and fault.key.startswith(key) and value in fault.value and cure in fault.cure
    ]
    assert len(found) == 1, faults(texts)
    assert {fault.file for fault in faults(texts)} <= {file, "meters.csv", "devices.csv"}


def test_without_the_settings_file_the_cure_is_init() -> None:
    (fault,) = faults({})
    assert str(fault) == "classroom.toml: (file) = missing: write it with: classroom-climate init DIR"


def test_a_circle_of_meters_is_refused(texts: dict[str, str]) -> None:
    texts["devices.csv"] = ""
    texts["meters.csv"] = (
        "school,key,name,carrier,role,parent\nnorra,a,A,gas,sub,b\nnorra,b,B,gas,sub,a\nnorra,c,C,gas,sub,a\n"
    )
    assert {fault.key for fault in faults(texts)} == {"a.parent", "b.parent", "c.parent"}
    assert {fault.cure for fault in faults(texts)} == {"the tree has a circle"}


def test_a_swapped_meter_is_one_key_with_two_times(texts: dict[str, str]) -> None:
    texts["meters.csv"] = (
        "school,key,name,carrier,valid_from,valid_to\n"
        "norra,el,Gammal,electricity,,2026-03-01\nnorra,el,Ny,electricity,2026-03-01,\n"
    )
    assert [meter.name for meter in parse_site(texts).meters_of("norra")] == ["Gammal", "Ny"]


def test_own_factors_stand_beside_the_shipped_ones(texts: dict[str, str]) -> None:
    texts["factors.csv"] = (
        "id;carrier;year;g_per_kwh;basis;covers;area;source\n"
        "eget-el;electricity;2025;12,5;market;lifecycle;Avtal;Leverantörens intyg\n"
    )
    texts["classroom.toml"] = '[factors]\nchosen = ["eget-el"]\n'
    site = parse_site(texts)
    assert [(factor.id, factor.g_per_kwh) for factor in site.own_factors] == [("eget-el", 12.5)]
    assert {"eget-el", "se-el-ivl-nordic-2023"} <= {factor.id for factor in site.factors}


def test_attributes_hold_from_their_date_on(texts: dict[str, str]) -> None:
    texts["school_attributes.csv"] = (
        "school,valid_from,atemp_m2,pupils,tenure\nnorra,2026-08-01,4200,330,rented\nnorra,2025-01-01,4100,300,owned\n"
    )
    site = parse_site(texts)
    assert site.attributes_on("norra", date(2024, 12, 31)) is None
    july, august = (
        site.attributes_on("norra", date(2026, 7, 31)),
        site.attributes_on("norra", date(2026, 8, 1)),
    )
    assert july is not None
    assert august is not None
    assert (july.pupils, august.pupils, august.tenure) == (300, 330, "rented")


def test_a_lifecycle_factor_beside_a_direct_one_is_refused(texts: dict[str, str]) -> None:
    texts["classroom.toml"] = '[factors]\nchosen = ["se-el-eea-2024", "se-el-ivl-nordic-2023"]\n'
    (fault,) = faults(texts)
    assert fault.key == "factors.chosen"
    assert fault.value == "se-el-ivl-nordic-2023 and se-el-eea-2024"
    assert "choose it or them, not both" in fault.cure


def test_a_building_that_two_schools_share_has_a_meter_in_both(texts: dict[str, str]) -> None:
    texts["schools.csv"] = "key,name\nnorra,Norra\nsodra,Södra\n"
    texts["meters.csv"] = (
        "school,key,name,carrier,role,share\nnorra,hall,Hall,electricity,main,{}\n"
        "sodra,hall,Hall,electricity,main,0.6\n"
    )
    texts["devices.csv"] = "key,school,meter\nm1,norra,hall\nm1,sodra,hall\n"
    for name in ("rooms.csv", "lessons.csv", "school_attributes.csv", "buildings.csv", "calendar.csv"):
        texts.pop(name, None)
    good = {**texts, "meters.csv": texts["meters.csv"].format("0.4")}
    assert [row.share for row in parse_site(good).meters] == [0.4, 0.6]
    (fault,) = faults({**texts, "meters.csv": texts["meters.csv"].format("0.5")})
    assert (fault.file, fault.key) == ("meters.csv", "share")
    assert fault.value == "0.5 (norra hall) + 0.6 (sodra hall)"
    same = {**good, "devices.csv": "key,school,meter\nm1,norra,hall\nm1,norra,hall\n"}
    assert faults(same)[0].file == "devices.csv"


def test_rows_share_the_names_of_their_columns_and_a_copy_has_its_own() -> None:
    """A region has half a million rows."""
    text = "school,key,name\n" + "".join(f"norra,r{number},Sal\n" for number in range(2))
    one, two = read_table(text, "rooms.csv", Room, ZoneInfo("UTC")).rows
    assert one.__pydantic_fields_set__ is two.__pydantic_fields_set__
    changed = one.model_copy(update={"area_m2": 60.0})
    assert "area_m2" in changed.model_fields_set
    assert two.model_fields_set == {"school", "key", "name"}
