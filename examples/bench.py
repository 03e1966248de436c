"""A bench in Python that speaks perfguard's protocol: see docs/protocol.md."""

import json, os, time

def say(kind, **words):
    out.write(json.dumps({"type": kind, **words}) + "\n")

def sort():
    sorted(range(1000, 0, -1))

BENCHES = {"sort": sort, "sum": lambda: sum(range(1000))}
out = os.fdopen(int(os.environ["PERFGUARD_PROTOCOL_FD"]), "w")
say("hello", protocol=1, harness="twenty-lines", version="1.0", capabilities=["iterations"])
for request in map(json.loads, os.environ["PERFGUARD_PROTOCOL_REQUEST"].splitlines()):
    if request["type"] == "list":
        for id in BENCHES:
            say("benchmark", id=id)
    elif request["type"] == "run":
        run, count, samples = BENCHES[request["id"]], request["iterations"] or 100, []
        for _ in range(request["samples"] + 1):
            start = time.perf_counter_ns()
            for _ in range(count):
                run()
            samples.append([count, time.perf_counter_ns() - start])
        say("observation", id=request["id"], samples=samples[1:])
        say("metric", id=request["id"], name="calls", value=len(samples) * count, unit="count", direction="lower")
say("bye")
out.close()
