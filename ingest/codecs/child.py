"""The process that runs makers' JavaScript: QuickJS, without files, network or clock worth the name.

A file of its own that imports nothing of the project: it is started by path with ``python -I``. Each line on
standard input is a JSON object, ``{"add": name, "source": text}`` or ``{"run": name, "input": {...}}``; each
run is answered by one line: ``{"data": object}``, ``{"failed": text}`` or ``{"stopped": text}``.
"""

import json
import resource
import sys

import quickjs

TIME_LIMIT_S = 0.25
MEMORY_LIMIT_BYTES = 24_000_000
STACK_LIMIT_BYTES = 512_000
PROCESS_LIMIT_BYTES = 400_000_000
ANSWER_LIMIT = 100_000

# The specification's decodeUplink, or the forms of The Things Network v2 and ChirpStack v3 before it.
_CALL = """
(function (text) {
  var input = JSON.parse(text);
  if (input.recvTime) input.recvTime = new Date(input.recvTime);
  var found;
  if (typeof decodeUplink === 'function') found = decodeUplink(input);
  else if (typeof Decoder === 'function') found = {data: Decoder(input.bytes, input.fPort)};
  else if (typeof Decode === 'function') found = {data: Decode(input.fPort, input.bytes, {})};
  else found = {errors: ['the codec has no decodeUplink']};
  return JSON.stringify(found);
})
"""


def run(source: str, given: dict[str, object]) -> dict[str, object]:
    """One call in a fresh context, so that nothing is carried from one device to the next."""
    context = quickjs.Context()
    context.set_memory_limit(MEMORY_LIMIT_BYTES)
    context.set_max_stack_size(STACK_LIMIT_BYTES)
    context.set_time_limit(TIME_LIMIT_S)
    try:
        context.eval(source)
        answer = context.eval(_CALL)(json.dumps(given))
        if not isinstance(answer, str) or len(answer) > ANSWER_LIMIT:
            return {"failed": "the codec gives no object"}
        found = json.loads(answer)
    except quickjs.JSException as error:
        text = str(error)[:300]
        if "interrupted" in text or "out of memory" in text:
            return {"stopped": text.splitlines()[0]}
        return {"failed": text}
    except (MemoryError, ValueError, RecursionError) as error:
        return {"failed": f"{type(error).__name__}: {error}"[:300]}
    if not isinstance(found, dict):
        return {"failed": "the codec gives no object"}
    if found.get("errors"):
        return {"failed": str(found["errors"])[:300]}
    if not isinstance(found.get("data"), dict):
        return {"failed": "the codec's result has no data"}
    return {"data": found["data"]}


def main() -> None:
    """Answer until standard input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (PROCESS_LIMIT_BYTES, PROCESS_LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    sources: dict[str, str] = {}
    for line in sys.stdin.buffer:
        request = json.loads(line)
        if "add" in request:
            sources[request["add"]] = request["source"]
            continue
        answer = run(sources[request["run"]], request["input"])
        sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
