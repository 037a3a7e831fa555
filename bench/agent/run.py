#!/usr/bin/env python3
"""Start-up, memory and loop overhead of ringfence-agent against the simulated model, beside any other agent that takes the same flags.

    eng/setup.sh && bench/agent/run.py [--runs 9] [--peer /path/to/claude] [--codex /path/to/codex]

Prints a Markdown table: medians of wall time, processor time and peak memory of one process.
"""
import argparse, atexit, json, os, shutil, statistics, subprocess, tempfile, time

root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
arguments = argparse.ArgumentParser()
arguments.add_argument("--runs", type=int, default=9)
arguments.add_argument("--peer", help="another agent's executable, run with the same flags")
arguments.add_argument("--codex", help="the native executable of Codex")
arguments.add_argument("--artifacts", default=os.path.join(root, "artifacts"))
options = arguments.parse_args()
options.artifacts = os.path.abspath(options.artifacts)
scratch = tempfile.TemporaryDirectory(prefix="ringfence-bench-")
work = os.path.join(scratch.name, "work")
os.makedirs(work)
with open(os.path.join(work, "a.txt"), "w") as file:
    file.write("hello\n")


# Codex speaks another wire, has no flag for a server, and refuses a home in the temporary folder.
codex_home = tempfile.mkdtemp(prefix="ringfence-bench-codex-", dir=os.path.expanduser("~"))
atexit.register(shutil.rmtree, codex_home, True)


def codex(address):
    settings = {"model": "simulated-model", "model_provider": "bench", "check_for_update_on_startup": False, "analytics.enabled": False, "features.plugins": False,
                "features.apps": False, "model_providers.bench.name": "bench", "model_providers.bench.base_url": address + "/v1",
                "model_providers.bench.env_key": "BENCH_TOKEN", "model_providers.bench.wire_api": "responses"}
    flags = [word for key, value in settings.items() for word in ("-c", f"{key}={json.dumps(value)}")]
    return [options.codex, "exec", "--json", "--skip-git-repo-check", "--ephemeral", "--dangerously-bypass-approvals-and-sandbox", *flags, "hi"]


def model(script):
    path = os.path.join(scratch.name, "script.json")
    with open(path, "w") as file:
        json.dump(script, file)
    process = subprocess.Popen(["dotnet", os.path.join(options.artifacts, "model/ringfence-model.dll"), "--script", path],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return process, json.loads(process.stdout.readline())["address"]


def run(command, address):
    environment = dict(os.environ, ANTHROPIC_BASE_URL=address, ANTHROPIC_API_KEY="bench", HOME=scratch.name, CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1",
                       CODEX_HOME=codex_home, BENCH_TOKEN="bench")
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, (command, process.returncode, output[-500:])
    return time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, output


agents = {"ringfence-agent": ["dotnet", os.path.join(options.artifacts, "agent/ringfence-agent.dll")]}
if options.peer:
    agents[os.path.basename(options.peer)] = [options.peer]

print("| run | wall s | processor s | peak MiB |\n|---|---|---|---|")
server, address = model({"conversations": [{"name": "main", "position": "history", "repeat": True, "turns": [{"text": "hello"}]}]})
for name, command in agents.items():
    results = [run(command + ["-p", "hi", "--output-format", "json", "--model", "simulated-model"], address) for _ in range(options.runs)]
    print(f"| {name}, one prompt | " + " | ".join(f"{statistics.median(r[i] for r in results):.3f}" for i in range(3)) + " |")
if options.codex:
    results = [run(codex(address), address) for _ in range(options.runs)]
    print("| codex, one prompt | " + " | ".join(f"{statistics.median(r[i] for r in results):.3f}" for i in range(3)) + " |")
server.stdin.close()
server.wait()

turns = [{"calls": [{"tool": "Read", "input": {"file_path": "a.txt", "limit": i + 1}}]} for i in range(500)] + [{"text": "done"}]
server, address = model({"turns": turns})
wall, processor, memory, output = run(agents["ringfence-agent"] + ["-p", "hi", "--output-format", "json", "--model", "simulated-model"], address)
server.stdin.close()
server.wait()
result = json.loads(output)
print(f"| ringfence-agent, 500 turns | {wall:.3f} | {processor:.3f} | {memory:.3f} |")
print(f"\nOutside the model's answers: {(result['duration_ms'] - result['duration_api_ms']) / result['num_turns']:.2f} ms a turn.")
