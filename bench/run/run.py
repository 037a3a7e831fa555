#!/usr/bin/env python3
"""What `ringfence run` costs beside the agent's own time: a one-turn run with the simulated model, against the start of an empty .NET program.

    bench/run/run.py [RUNS]

Needs ./ringfence to have been started once (it builds everything). Prints a Markdown table; figures are milliseconds of wall time.
"""
import json, os, pathlib, shutil, statistics, subprocess, sys, tempfile, time

root = pathlib.Path(__file__).resolve().parents[2]
runs = int(sys.argv[1]) if len(sys.argv) > 1 else 15
place = pathlib.Path(tempfile.mkdtemp(prefix="rfbench"))
environment = {**os.environ, "RINGFENCE_HOME": str(place / "home"), "DOTNET_CLI_TELEMETRY_OPTOUT": "1", "DOTNET_NOLOGO": "1"}


def timed(command, **more):
    began = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment, **more)
    return (time.perf_counter() - began) * 1000, done.stdout


def agent_time(events):
    """From the agent's first command to its last word, by the record's own clock."""
    started = [e["mono_us"] for e in events if e["type"] == "run.started"]
    ended = [e["mono_us"] for e in events if e["type"] == "agent.finished"]
    return (ended[-1] - started[0]) / 1000


try:
    hello = place / "hello"
    subprocess.run(["dotnet", "new", "console", "-o", hello], check=True, capture_output=True, env=environment)
    subprocess.run(["dotnet", "build", "-c", "Release", hello], check=True, capture_output=True, env=environment)
    program = next(hello.glob("bin/Release/*/hello.dll"))

    repository = place / "repository"
    repository.mkdir()
    for words in (["init", "-q", "-b", "main"], ["-c", "user.name=b", "-c", "user.email=b@example.com", "commit", "-q", "--allow-empty", "-m", "start"]):
        subprocess.run(["git", *words], cwd=repository, check=True)

    script = place / "script.yaml"
    script.write_text("repeat: true\nturns:\n  - calls: [{ tool: Write, input: { file_path: /workspace/a.txt, content: hello } }]\n  - text: Done.\n")
    model = subprocess.Popen(["dotnet", root / "artifacts/model/ringfence-model.dll", "--script", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    address = json.loads(model.stdout.readline())["address"]
    command = ["dotnet", root / "artifacts/ringfence/ringfence.dll", "run", "-p", "Write a.txt", "--model", "simulated-model", "--json", "--upstream", f"anthropic={address}"]

    rows = {"an empty .NET program": [], "ringfence run, whole": [], "of that the agent": [], "beside the agent": []}

    for i in range(runs + 1):
        empty, _ = timed(["dotnet", program])
        whole, output = timed(command, cwd=repository)
        agent = agent_time([json.loads(line) for line in output.splitlines() if '"seq"' in line])
        if i > 0:  # the first fills caches
            for row, value in zip(rows.values(), (empty, whole, agent, whole - agent)):
                row.append(value)

    print(f"| {runs} runs, load {os.getloadavg()[0]:.1f} | median ms | min | max |\n|---|---|---|---|")
    for name, values in rows.items():
        print(f"| {name} | {statistics.median(values):.0f} | {min(values):.0f} | {max(values):.0f} |")
finally:
    if "model" in globals():
        model.stdin.close()
        model.wait(10)
    shutil.rmtree(place, ignore_errors=True)
