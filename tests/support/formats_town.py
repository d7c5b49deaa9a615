"""A town of two schools in which every format of the simulator is spoken."""

from datetime import date

from classroom.sitefiles import parse_site
from ingest.decoders import decode
from ingest.message import Decoded
from ingest.message import Message as Received
from simulators.demo import demo_site
from simulators.keys import meter_device, room_device
from simulators.messages import Message
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town

FIRST_DAY = date(2025, 5, 12)  # a school day with sun on the cells
P1 = meter_device("p1", "almgarden", "el", 1)
SHELLY = meter_device("shelly", "bjorkbacka", "el", 2)
WMBUS = meter_device("wmbusmeters", "almgarden", "fjarrvarme", 3)
MILESIGHT = room_device("milesight", "almgarden", "no", 1)
CLIMATE, PLUG = room_device("zigbee2mqtt", "almgarden", "7a", 1), "z2m/almgarden/el-kok"
ELSYS, TTS, NATIVE = "a81758fffe0d0001", "a81758fffe0d0002", "almgarden/co2-4b"
SOLAR, HEAT = "bjorkbacka/sol-1", "bjorkbacka/fjarrvarme-1"
INTERVAL_S = {WMBUS: 900, P1: 300, SHELLY: 60}


def formats_town(first_day: date = FIRST_DAY, more: str = "") -> Town:
    """Two schools in which every format is spoken; the second makes solar electricity."""
    texts = demo_site(first_day, schools=2)
    devices = texts["devices.csv"]
    for old, new in (
        ("almgarden/co2-7a,", f"{CLIMATE},"),
        ("a81758fffe0d0003,almgarden,no,", f"{MILESIGHT},almgarden,no,"),
        ("almgarden/el-1,almgarden,,el,900", f"{P1},almgarden,,el,{INTERVAL_S[P1]}"),
        ("bjorkbacka/el-1,bjorkbacka,,el,900", f"{SHELLY},bjorkbacka,,el,{INTERVAL_S[SHELLY]}"),
        (
            "almgarden/fjarrvarme-1,almgarden,,fjarrvarme,3600",
            f"{WMBUS},almgarden,,fjarrvarme,{INTERVAL_S[WMBUS]}",
        ),
    ):
        assert old in devices
        devices = devices.replace(old, new)
    texts["devices.csv"] = f"{devices}{PLUG},almgarden,,el-kok,300\n{SOLAR},bjorkbacka,,sol,300\n"
    texts["meters.csv"] = (
        texts["meters.csv"].replace("role\n", "role,parent\n").replace(",main\n", ",main,\n")
        + "almgarden,el-kok,Kök,electricity,sub,el\nbjorkbacka,sol,Solceller,solar,production,\n"
    )
    texts[SCENARIO_FILE] += '\n[[solar]]\nschool = "bjorkbacka"\npeak_kw = 60\n' + more
    return Town(parse_site(texts), parse_scenario(texts[SCENARIO_FILE]))


def decoded_of(message: Message) -> Decoded:
    """What the project's decoders read in a simulated message, received when it was published."""
    return decode(Received(message.topic, message.payload, message.time, message.retain))
