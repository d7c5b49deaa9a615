"""Random batches against a plain dict: same content, same counts, same changed hours."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.reading import Reading
from store.base import Store, Watermark, Written

Content = dict[tuple[str, str, datetime], Reading]

START = datetime(2026, 1, 31, 22, tzinfo=UTC)
ALWAYS = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))

# One store serves all examples of a test, for opening a server's store is slow: each has devices of its own.
on_one_store = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

few_readings = st.builds(
    Reading,
    st.sampled_from(["a", "b"]),
    st.sampled_from(["co2_ppm", "motion"]),
    st.sampled_from([0, 59, 60, 61, 3000, 90_000]).map(lambda minute: START + timedelta(minutes=minute)),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from([0, 0, 0, 1]),
)

any_readings = st.builds(
    Reading,
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
    st.sampled_from(["co2_ppm", "energy_kwh"]),
    st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(0, 7),
)


def model_write(content: Content, batch: list[Reading]) -> Written:
    """What :meth:`store.base.Store.write_readings` promises, said with a dict."""
    last = {reading[:3]: reading for reading in batch}
    lost = [reading for reading in batch if reading != last[reading[:3]]]
    stored = sum(key not in content for key in last)
    revised = sum(key in content and content[key] != reading for key, reading in last.items())
    content.update(last)
    conflicts = revised + len(lost)
    return Written(stored, len(batch) - stored - conflicts, conflicts)


def changed_hours(before: Content, batch: list[Reading]) -> set[tuple[str, datetime]]:
    last = {reading[:3]: reading for reading in batch}
    return {
        (reading.device, reading.time.replace(minute=0))
        for key, reading in last.items()
        if before.get(key) != reading
    }


@on_one_store
@given(batches=st.lists(st.lists(few_readings, max_size=12), min_size=1, max_size=4))
def test_any_batches_end_as_in_a_dict(store: Store, batches: list[list[Reading]]) -> None:
    own = uuid.uuid4().hex
    content: Content = {}
    replaced: set[Reading] = set()
    for number, drawn in enumerate(batches, start=1):
        batch = [reading._replace(device=f"{own}/{reading.device}") for reading in drawn]
        store.advance("rollups", store.changed("rollups").cursor)
        before = dict(content)
        assert store.write_readings(batch, Watermark(own, number)) == model_write(content, batch)
        replaced |= {reading for reading in [*before.values(), *batch] if content[reading[:3]] != reading}
        found = store.changed("rollups").hours
        assert set(zip(found["device"], found["hour"], strict=True)) == changed_hours(before, batch)
        assert len(found) == len(found.drop_duplicates())
    devices = [f"{own}/a", f"{own}/b"]
    read = store.read_readings(devices, None, *ALWAYS)
    assert [Reading(*row) for row in read.itertuples(index=False)] == sorted(content.values())
    newest = {reading[:2]: reading for reading in sorted(content.values())}
    latest = store.latest(devices)
    assert [Reading(*row) for row in latest.itertuples(index=False)] == sorted(newest.values())
    kept = {Reading(*row) for device in devices for row in store.superseded(device).itertuples(index=False)}
    assert kept == replaced
    assert store.watermark(own) == len(batches)


@on_one_store
@given(drawn=st.lists(any_readings, max_size=20, unique_by=lambda reading: reading[:3]))
def test_any_reading_comes_back_as_it_went_in(store: Store, drawn: list[Reading]) -> None:
    own = uuid.uuid4().hex
    batch = [reading._replace(device=own + reading.device) for reading in drawn]
    assert store.write_readings(batch) == Written(stored=len(batch))
    read = store.read_readings({reading.device for reading in batch}, None, *ALWAYS)
    assert [Reading(*row) for row in read.itertuples(index=False)] == sorted(batch)
    assert store.write_readings(batch[::-1]) == Written(duplicates=len(batch))
